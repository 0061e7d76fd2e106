import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { randomUUID } from 'node:crypto';
import { StorageError } from '../../model/errors/storage.error.js';
import { tryAgain } from '../parts/try-again.js';
import { unlessMissing } from '../parts/unless-missing.js';
import type { ByteRange } from '../upload-storage.js';
import { chunksOf } from './body.js';
import type { GcsBody } from './body.js';
import { crc32cText, parseCrc32c } from './crc32c.js';
import { BROKEN_BODY, GcsError, gcsError } from './gcs.error.js';
import type { ObjectResource } from './object-settings.js';
import type { Component } from './part-tag.js';
import type { Requests } from './requests.js';

/** An object of the bucket, as the store describes it. */
export interface GcsObject extends Component {
  readonly metadata: Readonly<Record<string, string>>;
}

/** Keeps an object from being replaced: the generation that it has to have, `'0'` where there must be none. */
export type Generation = string;

interface Described {
  readonly name?: string;
  readonly generation?: string;
  readonly size?: string;
  readonly crc32c?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

const FIELDS = 'name,generation,size,crc32c,metadata';
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** The requests to the objects of a bucket. Each tries again what may pass, and rejects with a `GcsError`. */
export class GcsApi {
  private readonly bucket: string;

  constructor(private readonly deps: { readonly requests: Requests; readonly bucket: string }) {
    this.bucket = `b/${encodeURIComponent(deps.bucket)}`;
  }

  /** As `Requests.until`. */
  until(signal: AbortSignal): GcsApi {
    return new GcsApi({ ...this.deps, requests: this.deps.requests.until(signal) });
  }

  /** Stores bytes under a name. The store compares the checksum before there is an object. */
  async insert(body: GcsBody, at: Target): Promise<GcsObject> {
    const { kmsKeyName, ...resource } = at.resource;
    const boundary = randomUUID();
    const described = JSON.stringify({ ...resource, name: at.name, crc32c: crc32cText(body.crc32c) });
    const head = Buffer.from(
      `--${boundary}\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${described}\r\n` +
        // The description has it as it is; nothing may end this header before its time.
        `--${boundary}\r\ncontent-type: ${resource.contentType.replace(/[^\x20-\x7e]/g, ' ')}\r\n\r\n`,
    );
    const tail = Buffer.from(`\r\n--${boundary}--`);
    const stored = await this.deps.requests.json<Described>('insert', {
      method: 'POST',
      path: `/upload/storage/v1/${this.bucket}/o`,
      query: { uploadType: 'multipart', ...condition(at), kmsKeyName, fields: FIELDS },
      headers: {
        'content-type': `multipart/related; boundary=${boundary}`,
        'content-length': String(head.length + body.length + tail.length),
      },
      body: () => Readable.from(framed(head, body, tail), { objectMode: false }),
      bytes: body.length,
      signal: body.signal,
    });
    return objectOf(stored, 'insert');
  }

  /**
   * Makes an object of others, 32 at most, inside the store, which compares the checksum before. Where they are consumed
   * they are gone with it, for ever: not even a bucket that keeps versions, or what is deleted, keeps them.
   */
  async compose(sources: readonly Component[], at: Target, consume = false): Promise<GcsObject> {
    // The class is that of the sources.
    const { kmsKeyName, storageClass: _, ...destination } = at.resource;
    const sourceObjects = sources.map(({ name, generation }) => ({
      name,
      generation,
      objectPreconditions: { ifGenerationMatch: generation },
    }));
    const made = await this.deps.requests.json<Described>('compose', {
      method: 'POST',
      path: `${this.path(at.name)}/compose`,
      query: { ...condition(at), kmsKeyName, fields: FIELDS },
      headers: JSON_TYPE,
      body: () =>
        JSON.stringify({
          sourceObjects,
          destination: { ...destination, crc32c: crc32cText(at.crc32c) },
          ...(consume && { deleteSourceObjects: true }),
        }),
      long: true,
    });
    return objectOf(made, 'compose');
  }

  /** Copies an object inside the store, into another storage class. */
  async rewrite({ name, generation }: Component, at: Target): Promise<GcsObject> {
    const { kmsKeyName, ...resource } = at.resource;
    let rewriteToken: string | undefined;
    for (;;) {
      const { ifGenerationMatch } = condition(at);
      const answer = await this.deps.requests.json<Rewritten>('rewrite', {
        method: 'POST',
        path: `${this.path(name)}/rewriteTo/${this.bucket}/o/${encodeURIComponent(at.name)}`,
        query: {
          ...{ sourceGeneration: generation, ifSourceGenerationMatch: generation, ifGenerationMatch },
          ...{ destinationKmsKeyName: kmsKeyName, rewriteToken },
        },
        headers: JSON_TYPE,
        body: () => JSON.stringify(resource),
        long: true,
      });
      if (answer.done === true) return objectOf(answer.resource, 'rewrite');
      ({ rewriteToken } = answer);
    }
  }

  /** Undefined if there is no such object. */
  async find(name: string): Promise<GcsObject | undefined> {
    const sent = { method: 'GET', path: this.path(name), query: { fields: FIELDS } } as const;
    const found = await unlessMissing(this.deps.requests.json<Described>('get', sent));
    return found && objectOf(found, 'get');
  }

  /** Objects whose names begin so, as many as the store gives at once. */
  async list(page: Page): Promise<{ readonly objects: readonly GcsObject[]; readonly next?: string }> {
    const fields = `items(${FIELDS}),nextPageToken`;
    const { items = [], nextPageToken: next } = await this.deps.requests.json<Listed>('list', {
      method: 'GET',
      path: `/storage/v1/${this.bucket}/o`,
      query: { ...page, fields },
    });
    return { objects: items.map((item) => objectOf(item, 'list')), ...(next && { next }) };
  }

  /** Removes exactly this generation, for ever: not even a bucket that keeps versions keeps it. Idempotent. */
  async remove({ name, generation }: Pick<Component, 'name' | 'generation'>): Promise<void> {
    const query = { generation, ifGenerationMatch: generation };
    await unlessMissing(
      this.deps.requests.json('delete', { method: 'DELETE', path: this.path(name), query }),
    );
  }

  /**
   * A stream of the bytes of one generation, or of a range of them: it gives all of them or fails.
   * @throws GcsError of kind `missing` if there is no such generation any more
   */
  async read({ name, generation, length }: Component, range?: ByteRange): Promise<Readable> {
    const answer = await this.deps.requests.stream('get alt=media', {
      method: 'GET',
      path: this.path(name),
      query: { alt: 'media', generation },
      // The bytes as they are stored, also where somebody has said since that they are compressed.
      headers: { 'accept-encoding': 'gzip', ...(range && { range: `bytes=${range.start}-${range.end}` }) },
    });
    const wanted = range ? range.end + 1 - range.start : length;
    if (Number(answer.headers['content-length']) === wanted) return answer;
    answer.destroy();
    throw new StorageError(
      'missing',
      `The store has not the ${wanted} bytes of ${name} that it should have.`,
    );
  }

  /** All bytes of a range, read again if the store breaks off. */
  bytes(object: Component, range: ByteRange): Promise<Buffer> {
    const time = this.deps.requests.timeFor({ bytes: range.end + 1 - range.start });
    const read = async () => {
      const stream = await this.read(object, range);
      const timer = setTimeout(() => stream.destroy(new Error('It took too long.')), time);
      try {
        return await buffer(stream);
      } catch {
        throw new GcsError('unavailable', `The bytes of ${object.name} broke off.`, undefined, BROKEN_BODY);
      } finally {
        clearTimeout(timer);
      }
    };
    return tryAgain(read, { passes: isBroken });
  }

  private path(name: string): string {
    return `/storage/v1/${this.bucket}/o/${encodeURIComponent(name)}`;
  }
}

/** An object that is about to be made. */
export interface Target {
  readonly name: string;
  readonly resource: ObjectResource;
  readonly ifGeneration: Generation;
  readonly crc32c: number;
}

interface Page {
  readonly prefix: string;
  readonly pageToken?: string | undefined;
  readonly maxResults?: number;
}

interface Rewritten {
  readonly done?: boolean;
  readonly rewriteToken?: string;
  readonly resource?: Described;
}

interface Listed {
  readonly items?: readonly Described[];
  readonly nextPageToken?: string;
}

function condition({ ifGeneration }: Target): { readonly ifGenerationMatch: string } {
  return { ifGenerationMatch: ifGeneration };
}

function objectOf(described: Described = {}, request: string): GcsObject {
  const { name, generation, size, crc32c, metadata = {} } = described;
  if (name === undefined || generation === undefined) {
    throw gcsError(request, new Error('It described no object.'));
  }
  return { name, generation, length: Number(size), crc32c: parseCrc32c(crc32c ?? ''), metadata };
}

async function* framed(head: Buffer, body: GcsBody, tail: Buffer): AsyncGenerator<Buffer, void> {
  yield head;
  yield* chunksOf(body);
  yield tail;
}

/** The request itself was tried often enough. */
function isBroken(error: unknown): boolean {
  return error instanceof GcsError && error.reason === BROKEN_BODY;
}
