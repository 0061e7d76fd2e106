import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { FileUrlStorage, Upload } from 'tus-js-client';
import type { UploadOptions } from 'tus-js-client';
import { UploadEvents, UploadService } from '../../src/index.js';
import type { CompletedUpload } from '../../src/index.js';
import { overStorages } from '../support/storages/over-storages.js';
import type { TestPlace } from '../support/storages/test-place.js';
import { TusApp } from '../support/tus-app.js';

const MIB = 1024 * 1024;

overStorages('concatenation', 'tus-js-client 4', ({ platform, place: newPlace }) => {
  let app: TusApp;
  let place: TestPlace;
  const completed: CompletedUpload[] = [];

  beforeAll(async () => {
    place = await newPlace();
    app = await TusApp.start({ platform, place });
    app.get(UploadEvents).completed$.subscribe((event) => completed.push(event.upload));
  });
  afterAll(async () => {
    await app.stop();
    await place.close();
  });

  /** Uploads to the end and resolves with the id of the upload. */
  function upload(source: Buffer | Readable, options: UploadOptions): Promise<string> {
    return new Promise((resolve, reject) => {
      const client = new Upload(source, {
        endpoint: app.endpoint,
        retryDelays: [0, 10, 50],
        ...options,
        onError: reject,
        onSuccess: () => resolve(idOf(client.url)),
      });
      client.start();
    });
  }

  async function storedHash(id: string): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of await app.get(UploadService).read(id)) hash.update(chunk as Buffer);
    return hash.digest('hex');
  }

  async function temporaryFile(name: string, bytes: Buffer): Promise<string> {
    const path = join(place.directory, `${platform}-${name}`);
    await writeFile(path, bytes);
    return path;
  }

  it('uploads a buffer in one stream, with its metadata', async () => {
    const bytes = randomBytes(3 * MIB + 17);
    const id = await upload(bytes, { metadata: { filename: 'tschüß.bin', empty: '' } });
    expect(await storedHash(id)).toBe(sha256(bytes));
    const told = completed.filter((event) => event.id === id);
    expect(told).toHaveLength(1);
    expect(told[0]?.metadata.get('filename')).toBe('tschüß.bin');
    expect((await place.object(told[0]?.key ?? ''))?.equals(bytes)).toBe(true);
  });

  it('uploads in chunks of 5 MiB', async () => {
    const bytes = randomBytes(12 * MIB + 1);
    const id = await upload(bytes, { chunkSize: 5 * MIB });
    expect(await storedHash(id)).toBe(sha256(bytes));
  });

  it('uploads four partials at once and merges them in order', async () => {
    const bytes = randomBytes(9 * MIB + 3);
    const path = await temporaryFile('parallel.bin', bytes);
    const id = await upload(createReadStream(path), {
      parallelUploads: 4,
      metadata: { filename: 'parallel.bin' },
    });
    expect(await storedHash(id)).toBe(sha256(bytes));
    const final = await app.get(UploadService).get(id);
    expect(final).toMatchObject({ kind: 'final', state: 'complete', length: bytes.length });
    expect(final.metadata.get('filename')).toBe('parallel.bin');
    expect(completed.filter(({ id: told }) => told === id)).toHaveLength(1);
    expect(completed.some(({ kind }) => (kind as string) === 'partial')).toBe(false);
  });

  it('resumes an upload that was aborted', async () => {
    const bytes = randomBytes(8 * MIB);
    const path = await temporaryFile('resume.bin', bytes);
    const urls = new FileUrlStorage(join(place.directory, `${platform}-resume.json`));
    await abortedAfter(2 * MIB, path, { endpoint: app.endpoint, chunkSize: MIB, urlStorage: urls });
    const id = await resumed(path, { endpoint: app.endpoint, chunkSize: MIB, urlStorage: urls });
    expect(await storedHash(id)).toBe(sha256(bytes));
  });

  it('resumes a parallel upload that was aborted', async () => {
    const bytes = randomBytes(16 * MIB);
    const path = await temporaryFile('resume-parallel.bin', bytes);
    const urls = new FileUrlStorage(join(place.directory, `${platform}-resume-parallel.json`));
    const options = { endpoint: app.endpoint, chunkSize: MIB, parallelUploads: 4, urlStorage: urls };
    await abortedAfter(4 * MIB, path, options);
    const id = await resumed(path, options);
    expect(await storedHash(id)).toBe(sha256(bytes));
  });

  it('CRE-14 uploads a stream whose length is not known before its end', async () => {
    const bytes = randomBytes(2 * MIB + 5);
    const stream = Readable.from(slices(bytes, 100_000));
    const id = await upload(stream, { uploadLengthDeferred: true, chunkSize: MIB });
    expect(await storedHash(id)).toBe(sha256(bytes));
  });

  it('CRE-20 sends the first bytes with the creation', async () => {
    const bytes = randomBytes(MIB);
    expect(await storedHash(await upload(bytes, { uploadDataDuringCreation: true }))).toBe(sha256(bytes));
    const large = randomBytes(3 * MIB);
    const id = await upload(large, { uploadDataDuringCreation: true, chunkSize: MIB });
    expect(await storedHash(id)).toBe(sha256(large));
  });

  it('CRE-04 uploads an empty file', async () => {
    const id = await upload(Buffer.alloc(0), {});
    expect(await app.get(UploadService).get(id)).toMatchObject({ state: 'complete', length: 0 });
    expect(completed.filter((event) => event.id === id)).toHaveLength(1);
  });

  it('OVR-03 sends PATCH as POST where PATCH cannot be sent', async () => {
    const bytes = randomBytes(MIB);
    const id = await upload(bytes, { overridePatchMethod: true });
    expect(await storedHash(id)).toBe(sha256(bytes));
  });

  it('TER-01 terminates an upload', async () => {
    const id = await upload(randomBytes(1000), {});
    await Upload.terminate(`${app.endpoint}/${id}`);
    expect(await app.get(UploadService).find(id)).toBeUndefined();
  });
});

function idOf(url: string | null): string {
  return url?.split('/').at(-1) ?? '';
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function* slices(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Begins an upload and aborts it once so many bytes are accepted. */
function abortedAfter(bytes: number, path: string, options: UploadOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const accepted = new Map<number, number>();
    const client: Upload = new Upload(createReadStream(path), {
      ...options,
      onError: reject,
      onSuccess: () => reject(new Error('it ended before it could be aborted')),
      onChunkComplete: (chunkSize) => {
        accepted.set(accepted.size, chunkSize);
        const total = [...accepted.values()].reduce((sum, size) => sum + size, 0);
        if (total >= bytes) client.abort().then(resolve, reject);
      },
    });
    client.start();
  });
}

async function resumed(path: string, options: UploadOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const client: Upload = new Upload(createReadStream(path), {
      retryDelays: [0, 10, 50],
      ...options,
      onError: reject,
      onSuccess: () => resolve(idOf(client.url)),
    });
    client.findPreviousUploads().then((previous) => {
      const [first] = previous;
      if (!first) return reject(new Error('nothing to resume was found'));
      client.resumeFromPreviousUpload(first);
      client.start();
    }, reject);
  });
}
