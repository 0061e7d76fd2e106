import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Fault, FaultPlan } from './fault.js';
import { forward } from './forward.js';
import { answerWith } from './lost-answers.js';
import { kindOf } from './request-kind.js';
import type { S3Kind } from './request-kind.js';

/** A request that went through the proxy, or that it kept from the store. */
export interface ProxiedRequest {
  readonly kind: S3Kind;
  readonly url: string;
  readonly fault: Fault | undefined;
  /** Bytes of the body that came from the client. */
  received: number;
  /** Bytes of the body that came from the store. */
  answered: number;
  /** Of the store; undefined while it has not answered. */
  status: number | undefined;
}

const SLOW_DOWN =
  '<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>';

/**
 * Stands before a store that speaks S3 in path style, counts what is asked of it, and makes go wrong what the plan
 * says. The client signs for the host of the proxy, and the store is shown that host.
 */
export class S3Proxy {
  /** May be set at any time; counts of a kind go on. */
  faults: FaultPlan = () => undefined;
  /** Told of all bytes that clients have sent since the start, as they come. */
  onBytes: (total: number) => void = () => undefined;
  private total = 0;
  private log: ProxiedRequest[] = [];
  private readonly seen = new Map<S3Kind, number>();
  private readonly open = new Set<Promise<void>>();

  private constructor(
    private readonly server: Server,
    private readonly store: URL,
  ) {}

  /** @param store - the endpoint of the store */
  static async start(store: string): Promise<S3Proxy> {
    const server = createServer();
    const proxy = new S3Proxy(server, new URL(store));
    server.on('request', (request, response) => proxy.track(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** What has come since the start, or since the last `forget`. */
  get requests(): readonly Readonly<ProxiedRequest>[] {
    return this.log;
  }

  /** How many requests of each kind have come; kinds without any are left out. */
  tally(): Partial<Record<S3Kind, number>> {
    const tally: Partial<Record<S3Kind, number>> = {};
    for (const { kind } of this.log) tally[kind] = (tally[kind] ?? 0) + 1;
    return tally;
  }

  /** Bytes of bodies, of one kind of request or of all. */
  bytes(of?: S3Kind): { readonly received: number; readonly answered: number } {
    const requests = this.log.filter(({ kind }) => of === undefined || kind === of);
    return {
      received: requests.reduce((sum, { received }) => sum + received, 0),
      answered: requests.reduce((sum, { answered }) => sum + answered, 0),
    };
  }

  /** Begins the counts anew, also those that the plan of faults is asked with. */
  forget(): void {
    this.log = [];
    this.seen.clear();
  }

  /** Resolves when the store has answered all that it was asked: what a client gave up may still be done. */
  async idle(): Promise<void> {
    while (this.open.size > 0) await Promise.all(this.open);
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await Promise.all([closed, this.idle()]);
  }

  private track(request: IncomingMessage, response: ServerResponse): void {
    // Once the connection is closed the request names it no more.
    const { socket } = request;
    const handled = this.handle(request, response)
      // Either side has gone: the other learns of it by its connection.
      .catch(() => void socket.resetAndDestroy())
      .finally(() => this.open.delete(handled));
    this.open.add(handled);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const entry = this.note(request);
    request.on('data', (chunk: Buffer) => this.count(entry, chunk.length)).pause();
    const { fault } = entry;
    if (fault === 'reset') return void request.socket.resetAndDestroy();
    if (fault === 'hang') return void request.resume();
    if (fault === 'slow-down') return slowDown(request, response);
    const answer = await forward(request, this.store);
    entry.status = answer.statusCode;
    answer.on('data', (chunk: Buffer) => void (entry.answered += chunk.length)).pause();
    await answerWith(answer, response, fault);
  }

  private count(entry: ProxiedRequest, bytes: number): void {
    entry.received += bytes;
    this.total += bytes;
    this.onBytes(this.total);
  }

  private note(request: IncomingMessage): ProxiedRequest {
    const { method = '', url = '' } = request;
    const kind = kindOf({ method, url, isCopy: 'x-amz-copy-source' in request.headers });
    const n = (this.seen.get(kind) ?? 0) + 1;
    this.seen.set(kind, n);
    const fault = this.faults(kind, n);
    const entry = { kind, url, fault, received: 0, answered: 0, status: undefined };
    this.log.push(entry);
    return entry;
  }
}

async function slowDown(request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A client that still writes might take an early answer for a broken connection.
  for await (const _ of request);
  response.writeHead(503, { 'content-type': 'application/xml', 'content-length': SLOW_DOWN.length });
  response.end(request.method === 'HEAD' ? undefined : SLOW_DOWN);
}
