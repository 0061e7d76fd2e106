import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { tryAgain } from '../parts/try-again.js';
import { textOf } from './exchange.js';
import { GcsError, gcsError } from './gcs.error.js';
import type { Transport, TransportRequest } from './transport.js';

/** What is waited between them comes to three seconds, and six at most. */
const TRIES = 6;
/** Bytes that a connection carries in a millisecond at least, or it counts as broken: 128 KiB/s. */
const SLOWEST = 131;
/** Compose and rewrite work on whole objects before they answer. */
const WHOLE_OBJECT = 5;

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Sent {
  readonly method: TransportRequest['method'];
  readonly path: string;
  readonly query?: Query | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** A new one for each try. */
  readonly body?: () => string | Readable;
  /** Bytes of the body, or of the answer: they give more time. Default: 0. */
  readonly bytes?: number;
  /** Whether the store may work on it for minutes. */
  readonly long?: boolean;
  /** Ends the request. */
  readonly signal?: AbortSignal | undefined;
}

/** Gives each request its time and its tries, and each failure its meaning: every one of them can be repeated. */
export class Requests {
  constructor(
    private readonly deps: {
      readonly transport: Transport;
      /** Milliseconds that a small request has for its answer. */
      readonly requestTimeout: number;
      /** Ends every request. Those that have one are not tried again. */
      readonly signal?: AbortSignal;
    },
  ) {}

  /** The same requests for work that may be left at any point: each has one try, and ends with the signal. */
  until(signal: AbortSignal): Requests {
    return new Requests({ ...this.deps, signal });
  }

  /** Resolves with what the store says in JSON. @throws GcsError */
  json<T>(name: string, sent: Sent): Promise<T> {
    const once = () =>
      this.within(name, sent, async (signal) => {
        const text = await textOf(await this.send(sent, signal));
        return (text === '' ? undefined : JSON.parse(text)) as T;
      });
    const tries = this.deps.signal ? 1 : TRIES;
    return tryAgain(once, { tries, passes: (error) => !sent.signal?.aborted && passes(error) });
  }

  /** Waits for the beginning of an answer, whose body comes as it is read. @throws GcsError */
  stream(name: string, sent: Sent): Promise<IncomingMessage> {
    const once = () => this.within(name, sent, (signal) => this.send(sent, signal, true));
    return tryAgain(once, { tries: this.deps.signal ? 1 : TRIES, passes });
  }

  /** Milliseconds for one try to carry so many bytes. */
  timeFor({ bytes = 0, long = false }: Pick<Sent, 'bytes' | 'long'>): number {
    return (long ? WHOLE_OBJECT : 1) * this.deps.requestTimeout + Math.ceil(bytes / SLOWEST);
  }

  private async send(
    { method, path, query, headers, body }: Sent,
    signal: AbortSignal,
    download = false,
  ): Promise<IncomingMessage> {
    const content = body?.();
    try {
      const sending = this.deps.transport.send({
        ...{ method, path: path + textOfQuery(query), headers: { ...headers }, signal, download },
        ...(content !== undefined && { body: content }),
      });
      // The client may wait for credentials, which knows no signal.
      return await Promise.race([sending, aborted(signal)]);
    } finally {
      if (content instanceof Readable) content.destroy();
    }
  }

  private async within<T>(name: string, sent: Sent, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), this.timeFor(sent));
    const signals = [giveUp.signal, this.deps.signal, sent.signal].filter((each) => each !== undefined);
    try {
      const signal = AbortSignal.any(signals);
      signal.throwIfAborted();
      return await work(signal);
    } catch (error) {
      throw gcsError(name, error);
    } finally {
      clearTimeout(timer);
    }
  }
}

function textOfQuery(query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return '';
  return `?${given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&')}`;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function passes(error: unknown): boolean {
  return error instanceof GcsError && error.passes;
}
