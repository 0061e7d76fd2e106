import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GcsStorage } from '../../../src/storage/gcs/gcs.storage.js';
import type { GcsSuite } from '../services/each-gcs-service.js';
import type { TestPlace } from './test-place.js';

/** A prefix of its own in the bucket of a suite. */
export async function gcsPlace({ address, bucket }: GcsSuite): Promise<TestPlace> {
  const folder = `${randomUUID()}/`;
  const prefix = bucket.prefix + folder;
  const directory = await mkdtemp(join(tmpdir(), 'nestjs-tus-gcs-'));
  await mkdir(join(directory, '.tus'));
  const names = async () => (await bucket.names(folder)).map((name) => name.slice(prefix.length));
  return {
    directory,
    database: { path: join(directory, '.tus', 'uploads.sqlite') },
    open: () => new GcsStorage({ bucket: bucket.name, clientConfig: address, prefix }),
    object: (key) => bucket.bytes(prefix + key),
    objects: async () => (await names()).filter((name) => !name.startsWith('.tus/')),
    putObject: (key, bytes) => bucket.put(prefix + key, bytes),
    dropObject: (key) => bucket.remove(prefix + key),
    leftovers: async () => (await names()).filter((name) => name.startsWith('.tus/')),
    close: async () => {
      await bucket.empty(folder);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
