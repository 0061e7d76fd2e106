import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Fault, FaultPlan } from './fault.js';
import { forward } from './forward.js';
import { answerWith } from './lost-answers.js';
import { kindOf } from './request-kind.js';
import type { S3Kind } from './request-kind.js';

/** A request that went through the proxy, or that it kept from the store. */
export interface ProxiedRequest<Kind extends string = S3Kind> {
  readonly kind: Kind;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
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

/** What the proxy has to know of a store. */
interface Protocol<Kind extends string> {
  readonly kindOf: (request: IncomingMessage) => Kind;
  /** The answer of a store that has too much to do. */
  readonly busy: { readonly headers?: Readonly<Record<string, string>>; readonly body: string };
}

/**
 * Stands before a store, counts what is asked of it, and makes go wrong what the plan
 * says. The client signs for the host of the proxy, and the store is shown that host.
 */
export class StoreProxy<Kind extends string> {
  /** May be set at any time; counts of a kind go on. */
  faults: FaultPlan<Kind> = () => undefined;
  /** Told of all bytes that clients have sent since the start, as they come. */
  onBytes: (total: number) => void = () => undefined;
  private total = 0;
  private log: ProxiedRequest<Kind>[] = [];
  private readonly server: Server = createServer();
  private readonly seen = new Map<Kind, number>();
  private readonly open = new Set<Promise<void>>();
  private readonly late = new EventEmitter();

  protected constructor(
    private readonly store: URL,
    private readonly protocol: Protocol<Kind>,
  ) {
    this.server.on('request', (request, response) => this.track(request, response));
  }

  protected async listen(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** What has come since the start, or since the last `forget`. */
  get requests(): readonly Readonly<ProxiedRequest<Kind>>[] {
    return this.log;
  }

  /** How many requests of each kind have come; kinds without any are left out. */
  tally(): Partial<Record<Kind, number>> {
    const tally: Partial<Record<Kind, number>> = {};
    for (const { kind } of this.log) tally[kind] = (tally[kind] ?? 0) + 1;
    return tally;
  }

  /** Bytes of bodies, of one kind of request or of all. */
  bytes(of?: Kind): { readonly received: number; readonly answered: number } {
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

  /** Lets the requests that are late arrive; resolves when the store has answered them. */
  async arrive(): Promise<void> {
    this.late.emit('arrive');
    await this.idle();
  }

  async stop(): Promise<void> {
    this.late.emit('arrive');
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
    if (fault === 'slow-down') return slowDown(request, response, this.protocol.busy);
    if (fault === 'late') return this.delay(request);
    const answer = await forward(request, this.store, request);
    entry.status = answer.statusCode;
    answer.on('data', (chunk: Buffer) => void (entry.answered += chunk.length)).pause();
    await answerWith(answer, response, fault);
  }

  private async delay(request: IncomingMessage): Promise<void> {
    const { socket } = request;
    const body = await buffer(request);
    const arrival = once(this.late, 'arrive');
    socket.resetAndDestroy();
    await arrival;
    (await forward(request, this.store, Readable.from([body]))).resume();
  }

  private count(entry: ProxiedRequest<Kind>, bytes: number): void {
    entry.received += bytes;
    this.total += bytes;
    this.onBytes(this.total);
  }

  private note(request: IncomingMessage): ProxiedRequest<Kind> {
    const { url = '', headers } = request;
    const kind = this.protocol.kindOf(request);
    const n = (this.seen.get(kind) ?? 0) + 1;
    this.seen.set(kind, n);
    const fault = this.faults(kind, n);
    const entry = { kind, url, headers, fault, received: 0, answered: 0, status: undefined };
    this.log.push(entry);
    return entry;
  }
}

/** Before a store that speaks S3 in path style. */
export class S3Proxy extends StoreProxy<S3Kind> {
  /** @param store - the endpoint of the store */
  static start(store: string): Promise<S3Proxy> {
    const kind = ({ method = '', url = '', headers }: IncomingMessage) =>
      kindOf({ method, url, isCopy: 'x-amz-copy-source' in headers });
    return new S3Proxy(new URL(store), { kindOf: kind, busy: { body: SLOW_DOWN } }).listen();
  }
}

async function slowDown(
  request: IncomingMessage,
  response: ServerResponse,
  { headers, body }: Protocol<string>['busy'],
): Promise<void> {
  // A client that still writes might take an early answer for a broken connection.
  for await (const _ of request);
  response.writeHead(503, {
    'content-type': 'application/xml',
    ...headers,
    'content-length': Buffer.byteLength(body),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
