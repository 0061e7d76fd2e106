import { UploadGoneError, UploadNotFoundError } from '../../../src/index.js';
import type { Upload } from '../../../src/index.js';
import { sqlite } from '../../support/rows.js';
import { bodyOf } from '../engine.js';
import type { Engine } from '../engine.js';
import { metadataFor, sha256 } from './checker.js';

interface Part {
  readonly name: string;
  readonly bytes: Buffer;
}

/** A client of the service itself. Whatever it does it can do again: it goes on where the server says. */
export class Walker {
  readonly complete = new Set<string>();
  readonly ended = new Set<string>();
  readonly contents = new Map<string, string>();
  readonly setbacks: string[] = [];
  private readonly ids = new Map<string, string>();
  private readonly told = new Map<string, number>();

  constructor(public engine: Engine) {}

  get known(): readonly string[] {
    return [...this.ids.values()];
  }

  async single({ name, bytes }: Part, whole: 'in its POST' | 'by PATCH'): Promise<string> {
    this.contents.set(name, sha256(bytes));
    const body = whole === 'in its POST' ? { body: bodyOf(bytes), contentLength: bytes.length } : {};
    const metadata = metadataFor(name);
    const create = () => this.engine.uploads.create({ length: bytes.length, metadata, ...body });
    const id = await this.once(name, create);
    await this.finish(id, bytes);
    this.complete.add(id);
    return id;
  }

  async begin({ name, bytes }: Part, { partial = false, deferred = false } = {}): Promise<string> {
    this.contents.set(name, sha256(bytes));
    const length = deferred ? null : bytes.length;
    const metadata = metadataFor(name);
    return this.once(name, () => this.engine.uploads.create({ length, partial, metadata }));
  }

  /** HEAD, then PATCH at the offset, until it is complete. */
  async finish(id: string, bytes: Buffer, pieces = 2): Promise<void> {
    const piece = Math.ceil(bytes.length / pieces);
    for (;;) {
      const { state, offset } = this.see(await this.engine.uploads.get(id));
      if (state === 'complete') return;
      const body = bytes.subarray(offset, offset + piece);
      const input = { offset, body: bodyOf(body), contentLength: body.length, length: bytes.length };
      this.see(await this.engine.uploads.append(id, input));
    }
  }

  /** Asks for the final until it is complete; the first answer may say that it waits or merges. */
  async final({ name, bytes }: Part, partialIds: readonly string[]): Promise<string> {
    this.contents.set(name, sha256(bytes));
    const metadata = metadataFor(name);
    const { id } = await this.engine.uploads.concatenate({ partialIds, metadata });
    this.ids.set(name, id);
    return id;
  }

  async merged(id: string): Promise<void> {
    await this.engine.idle();
    const { state } = this.see(await this.engine.uploads.get(id));
    if (state !== 'complete') throw new Error(`the final is ${state}`);
    this.complete.add(id);
  }

  async end(id: string, work: () => Promise<unknown>): Promise<void> {
    this.complete.delete(id);
    await work().catch((error: unknown) => {
      if (!(error instanceof UploadNotFoundError || error instanceof UploadGoneError)) throw error;
    });
    this.ended.add(id);
  }

  /** Past its time, as a day would bring it. */
  async age(id: string): Promise<void> {
    await sqlite(this.engine.directory, 'UPDATE tus_upload SET expires_at = 1 WHERE id = ?', [id]);
  }

  private async once(name: string, create: () => Promise<Upload>): Promise<string> {
    const known = this.ids.get(name);
    if (known !== undefined) return known;
    const upload = this.see(await create());
    this.ids.set(name, upload.id);
    return upload.id;
  }

  /** What a client was told is never taken back (promise 1). */
  private see(upload: Upload): Upload {
    const before = this.told.get(upload.id) ?? 0;
    if (upload.offset < before)
      this.setbacks.push(`${upload.id} went back from ${before} to ${upload.offset}`);
    this.told.set(upload.id, Math.max(before, upload.offset));
    return upload;
  }
}

export interface Walk {
  readonly title: string;
  readonly partials?: 'keep';
  /** What went well before; another walk has its steps. */
  readonly before?: (client: Walker) => Promise<unknown>;
  /** May be done again from its beginning, by the same client. */
  readonly go: (client: Walker) => Promise<void>;
}

const A: Part = { name: 'a', bytes: Buffer.from('the first part, ') };
const B: Part = { name: 'b', bytes: Buffer.from('and the second') };
const joined = (name: string, ...parts: Part[]): Part => ({
  name,
  bytes: Buffer.concat(parts.map(({ bytes }) => bytes)),
});

async function partials(client: Walker): Promise<[string, string]> {
  const [a, b] = [await client.begin(A, { partial: true }), await client.begin(B, { partial: true })];
  await client.finish(a, A.bytes);
  await client.finish(b, B.bytes, 1);
  return [a, b];
}

/** The first is complete, of the second not even the length is known. */
async function waitingPartials(client: Walker): Promise<[string, string]> {
  const a = await client.begin(A, { partial: true });
  await client.finish(a, A.bytes, 1);
  return [a, await client.begin(B, { partial: true, deferred: true })];
}

async function half(client: Walker): Promise<string> {
  const id = await client.begin(A);
  await client.engine.append(id, 0, A.bytes.subarray(0, 5));
  return id;
}

/** Partials of a final are deleted with it, or by their client. */
async function endAll(client: Walker, ids: readonly string[]): Promise<void> {
  for (const id of ids) await client.end(id, () => client.engine.uploads.terminate(id));
}

export const WALKS: readonly Walk[] = [
  {
    title: 'a creation with all its bytes',
    go: async (client) => void (await client.single(A, 'in its POST')),
  },
  {
    title: 'an empty upload',
    go: async (client) => void (await client.single({ name: 'none', bytes: Buffer.alloc(0) }, 'by PATCH')),
  },
  {
    title: 'an upload of deferred length in two PATCHes',
    go: async (client) => {
      const id = await client.begin(A, { deferred: true });
      await client.finish(id, A.bytes);
      client.complete.add(id);
    },
  },
  {
    title: 'a final that takes over its first partial and copies the second',
    before: partials,
    go: async (client) => {
      const ids = await partials(client);
      await client.merged(await client.final(joined('ab', A, B), ids));
      ids.forEach((id) => client.complete.add(id));
    },
  },
  {
    title: 'a final that copies all its partials',
    before: partials,
    go: async (client) => {
      const [a, b] = await partials(client);
      await client.merged(await client.final(joined('aba', A, B, A), [a, b, a]));
    },
  },
  {
    title: 'a final that keeps its partials, which are deleted then',
    partials: 'keep',
    before: partials,
    go: async (client) => {
      if (client.complete.size === 0) {
        await client.merged(await client.final(joined('ab', A, B), await partials(client)));
      }
      await endAll(client, client.known.slice(0, 2));
    },
  },
  {
    title: 'a final that waits for its last partial',
    before: waitingPartials,
    go: async (client) => {
      const [a, b] = await waitingPartials(client);
      const final = await client.final(joined('ab', A, B), [a, b]);
      await client.finish(b, B.bytes, 1);
      await client.merged(final);
    },
  },
  {
    title: 'a waiting final that is deleted, and its partials after it',
    before: waitingPartials,
    go: async (client) => {
      const [a, b] = [await client.begin(A, { partial: true }), await client.begin(B, { partial: true })];
      if (client.ended.size === 0) {
        const final = await client.final(joined('ab', A, B), [a, b]);
        await client.end(final, () => client.engine.uploads.terminate(final));
      }
      await endAll(client, [a, b]);
    },
  },
  {
    title: 'the deletion of an upload that stands half way',
    before: half,
    go: async (client) => {
      const id = await client.begin(A);
      await client.end(id, () => client.engine.uploads.terminate(id));
    },
  },
  {
    title: 'the deletion of a complete upload',
    before: async (client) => client.finish(await client.begin(A), A.bytes, 1),
    go: async (client) => {
      const id = await client.begin(A);
      await client.end(id, () => client.engine.uploads.terminate(id));
    },
  },
  {
    title: 'the end of an upload whose time is over',
    before: async (client) => client.age(await half(client)),
    go: async (client) => {
      await client.engine.maintain();
      client.ended.add(await client.begin(A));
    },
  },
];
