import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { endToEnd, forward } from '../s3-proxy/forward.js';
import { kindOf } from '../gcs-proxy/request-kind.js';

/** Bytes of names and values: cloud.google.com/storage/quotas */
const MOST_METADATA = 8192;

interface Composition {
  readonly sourceObjects: readonly {
    readonly name: string;
    readonly generation?: string;
    readonly objectPreconditions?: { readonly ifGenerationMatch?: string };
  }[];
  readonly destination: { readonly metadata?: Readonly<Record<string, string>>; readonly crc32c?: string };
  readonly deleteSourceObjects?: boolean;
}

/**
 * Stands before fake-gcs-server and enforces what that ignores, as the documentation of Google has it: the conditions of
 * compose, rewrite and delete, and the generations and the storage class of what is composed. A rewrite takes two requests, as that of a large object does.
 */
export class StrictGcs {
  private readonly server = createServer((request, response) => {
    this.answer(request, response).catch(() => request.socket.resetAndDestroy());
  });
  /** A condition and what it guards are one step. */
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(private readonly store: URL) {}

  /** @param store - the endpoint of the store */
  static async start(store: string): Promise<StrictGcs> {
    const strict = new StrictGcs(new URL(store));
    strict.server.listen(0, '127.0.0.1');
    await once(strict.server, 'listening');
    return strict;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const kind = kindOf(method, url);
    if (kind !== 'compose' && kind !== 'rewrite' && kind !== 'delete') {
      const answer = await forward(request, this.store, request);
      response.writeHead(answer.statusCode ?? 502, endToEnd(answer.rawHeaders));
      return pipeline(answer, response);
    }
    const body = await text(request);
    const step = this.turn.then(async () => {
      const status = await this.refusal(kind, url, body);
      if (status !== undefined) return refuse(response, status);
      const headers = { 'content-type': 'application/json' };
      if (kind === 'rewrite' && !new URL(url, this.store).searchParams.has('rewriteToken')) {
        response.writeHead(200, headers);
        return void response.end(JSON.stringify({ done: false, rewriteToken: 'more' }));
      }
      const answer = await fetch(new URL(url, this.store), { method, ...(body && { body, headers }) });
      const told = await answer.text();
      const wrong = kind === 'compose' && answer.ok && (await this.settle(url, JSON.parse(body), told));
      if (wrong) return refuse(response, 400, wrong);
      response.writeHead(answer.status, headers);
      response.end(told);
    });
    this.turn = step.catch(() => undefined);
    return step;
  }

  /** What the store does with a composition besides: says what is wrong with its checksum, or removes its sources. */
  private async settle(url: string, composed: Composition, told: string): Promise<string | undefined> {
    const { sourceObjects, destination, deleteSourceObjects } = composed;
    const [bucketPath = ''] = /^.*\/o\//.exec(url) ?? [];
    const remove = ({ name, generation }: { readonly name: string; readonly generation?: string }) => {
      const path = `${bucketPath}${encodeURIComponent(name)}${generation === undefined ? '' : `?generation=${generation}`}`;
      return fetch(new URL(path, this.store), { method: 'DELETE' });
    };
    const made = JSON.parse(told) as { readonly name: string; readonly crc32c: string };
    if (destination.crc32c !== undefined && destination.crc32c !== made.crc32c) {
      await remove(made);
      return `Provided CRC32C "${destination.crc32c}" doesn't match calculated CRC32C "${made.crc32c}".`;
    }
    if (deleteSourceObjects) for (const source of sourceObjects) await remove(source);
    return undefined;
  }

  private async refusal(kind: string, url: string, body: string): Promise<number | undefined> {
    const { pathname, searchParams } = new URL(url, this.store);
    const [, bucket = '', name = ''] = /\/b\/([^/]+)\/o\/([^/]+)/.exec(pathname) ?? [];
    const generation = (object: string) => this.generation(bucket, object);
    if (kind === 'delete') {
      const wanted = searchParams.get('ifGenerationMatch');
      const live = await generation(name);
      // Of an older generation the store itself knows whether it is there.
      const old = live !== searchParams.get('generation') && searchParams.has('generation');
      return wanted !== null && !old && live !== undefined && live !== wanted ? 412 : undefined;
    }
    if (kind === 'compose') {
      const { sourceObjects, destination } = JSON.parse(body) as Composition;
      const texts = Object.entries(destination.metadata ?? {}).flat();
      if (sourceObjects.length === 0 || Buffer.byteLength(texts.join('')) > MOST_METADATA) return 400;
      const classes = new Set<string | undefined>();
      for (const source of sourceObjects) {
        const { generation: live, storageClass } = await this.described(
          bucket,
          encodeURIComponent(source.name),
        );
        classes.add(storageClass);
        if (live === undefined || (source.generation !== undefined && live !== source.generation)) return 404;
        const wanted = source.objectPreconditions?.ifGenerationMatch;
        if (wanted !== undefined && live !== wanted) return 412;
      }
      if (classes.size > 1) return 400;
    }
    const target =
      kind === 'compose' ? name : (/\/rewriteTo\/b\/[^/]+\/o\/([^/]+)/.exec(pathname)?.[1] ?? '');
    const wanted = searchParams.get('ifGenerationMatch');
    return wanted !== null && wanted !== ((await generation(target)) ?? '0') ? 412 : undefined;
  }

  private async generation(bucket: string, name: string): Promise<string | undefined> {
    return (await this.described(bucket, name)).generation;
  }

  /** The live object; nothing of it if there is none. */
  private async described(bucket: string, name: string): Promise<Described> {
    const fields = 'generation,storageClass';
    const answer = await fetch(new URL(`/storage/v1/b/${bucket}/o/${name}?fields=${fields}`, this.store));
    const described = (await answer.json()) as Described;
    return answer.ok ? described : {};
  }
}

interface Described {
  readonly generation?: string;
  readonly storageClass?: string;
}

function refuse(response: ServerResponse, status: number, message?: string): void {
  const reason = status === 412 ? 'conditionNotMet' : status === 404 ? 'notFound' : 'invalid';
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { code: status, message: message ?? reason, errors: [{ reason }] } }));
}
