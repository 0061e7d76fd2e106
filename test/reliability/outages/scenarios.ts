import { content } from '../../support/content.js';
import type { Random } from '../random.js';
import { created } from './client.js';
import type { Client } from './client.js';
import type { Scenario } from './plan.js';
import { metadataOf, Uploader } from './uploader.js';
import type { UploadPlan } from './uploader.js';

const MIB = 1024 ** 2;

/** What clients know in the end. */
export interface Known {
  /** Ids of uploads that have to be complete. */
  readonly complete: string[];
  /** Ids of uploads that have to be gone. */
  readonly ended: string[];
  /** What was sent under the name that an upload has in its metadata. */
  readonly contents: Map<string, Buffer>;
}

export interface Scene {
  readonly client: Client;
  readonly random: Random;
  readonly known: Known;
  /** Lets due work be done. */
  readonly maintain: () => Promise<void>;
}

export const SCENARIOS: Readonly<Record<Scenario, (scene: Scene) => Promise<void>>> = {
  async patches(scene) {
    await each(scene, () => uploader(scene, { deferred: scene.random.chance(0.3) }));
  },

  async creation(scene) {
    const { random } = scene;
    await each(scene, () => {
      const bytes = anyBytes(random);
      const early = random.chance(0.5) ? bytes.length : random.below(bytes.length) + 1;
      return uploader(scene, { bytes, early });
    });
  },

  async checksums(scene) {
    await each(scene, () => uploader(scene, { ways: ['checked', 'checked', 'wrong', 'trailer'] }));
  },

  /** While bytes come, between two requests, or once it is complete. */
  async deletion(scene) {
    const { client, random } = scene;
    const upload = uploader(scene, { partial: random.chance(0.3) });
    await upload.create();
    for (let left = random.below(4); left > 0; left--) {
      const offset = await upload.offset();
      if (offset < upload.plan.bytes.length) await upload.send(offset);
    }
    const sending = random.chance(0.5)
      ? upload.send(await upload.offset()).catch(() => undefined)
      : undefined;
    while (!(await client.ask({ method: 'DELETE', id: upload.id }, [204, 404, 410])));
    await sending;
    scene.known.ended.push(upload.id);
  },

  async parallel(scene) {
    const { random } = scene;
    const uploads = Array.from({ length: 2 + random.below(3) }, () => {
      const length = random.pick([100_000, 1.5 * MIB, 5 * MIB, 5 * MIB + 1]);
      return uploader(scene, { bytes: content(length, random.below(2 ** 32)), partial: true });
    });
    await all(uploads.map((upload) => upload.create().then(() => upload.finish())));
    await concatenate(scene, uploads);
  },
};

/** Asks for the final of some uploads until it is merged. */
export async function concatenate(
  { client, known, maintain }: Omit<Scene, 'random'>,
  uploads: readonly Uploader[],
): Promise<void> {
  const name = `final ${known.contents.size}`;
  known.contents.set(name, Buffer.concat(uploads.map(({ plan }) => plan.bytes)));
  const path = new URL(client.endpoint).pathname;
  const headers = {
    'upload-concat': `final;${uploads.map(({ id }) => `${path}/${id}`).join(' ')}`,
    'upload-metadata': metadataOf(name),
  };
  for (let id = ''; ; await maintain()) {
    // Asked for again, it waits for the merge that runs (CON-30).
    const answer = await client.ask({ method: 'POST', headers }, [201]);
    if (!answer) continue;
    if (id !== '' && id !== created(answer)) client.wrong(`the final ${id} has become ${created(answer)}`);
    id = created(answer);
    if (!known.complete.includes(id)) known.complete.push(id);
    const told = await client.ask({ method: 'HEAD', id }, [200]);
    if (!told) continue;
    const { 'upload-offset': offset, 'upload-length': length } = told.headers;
    if (offset !== undefined && offset === length) return;
    client.fails(`${id} stands at ${String(offset)} of ${String(length)}`);
  }
}

/** Some uploads at once, each to its end. */
async function each({ random, known }: Scene, make: () => Uploader): Promise<void> {
  const uploads = Array.from({ length: 1 + random.below(3) }, make);
  await all(uploads.map((upload) => upload.create().then(() => upload.finish())));
  known.complete.push(...uploads.map(({ id }) => id));
}

function uploader({ client, random, known }: Scene, plan: Partial<UploadPlan>): Uploader {
  const name = `upload ${known.contents.size}`;
  const { bytes = anyBytes(random) } = plan;
  known.contents.set(name, bytes);
  return new Uploader(client, random.fork(), { ...plan, name, bytes });
}

/** Of less than a part, or of some. */
function anyBytes(random: Random): Buffer {
  const length = random.chance(0.65) ? 1 + random.below(MIB) : 5 * MIB + random.below(8 * MIB);
  return content(length, random.below(2 ** 32));
}

/** Of several that are under way at once each comes to rest, also where one fails. */
async function all(work: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(work);
  await Promise.all(work);
}
