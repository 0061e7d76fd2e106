import type { Readable } from 'node:stream';
import { StorageError } from '../../model/errors/storage.error.js';
import { Gate } from '../parts/gate.js';
import { tryAgain } from '../parts/try-again.js';
import { s3Error } from './s3.error.js';
import { unfailing } from './spilled-body.js';

/** Bytes that a connection carries in a millisecond at least, or it counts as broken: 128 KiB/s. */
const SLOWEST = 131;
/** Copies and Complete work on whole objects before they answer. */
const WHOLE_OBJECT = 5;
/** Requests at the same time, and as many copies: four parts of thirty uploads. */
const AT_ONCE = 120;
/** All tries of the SDK and what it waits between them, measured by the time of one. */
const ALL_TRIES = 4;

/** Bytes to send: what is a function gives a new stream for each try. */
export interface S3Body {
  readonly body: Buffer | (() => Readable);
  readonly length: number;
  /** Ends the request. */
  readonly signal?: AbortSignal | undefined;
}

/** When a request is given up, in the words of the SDK. */
export interface Limits {
  readonly abortSignal: AbortSignal;
  /** Milliseconds for one try. */
  readonly requestTimeout: number;
}

interface Time {
  /** For one try. */
  readonly milliseconds: number;
  readonly signal?: AbortSignal | undefined;
}

type Send<T> = (limits: Limits) => Promise<T>;

/**
 * Gives each request its turn, its time, and each failure its meaning. The time begins with the turn: a request that
 * waited inside the SDK for a connection would count as one that found none.
 */
export class Requests {
  private readonly gate = new Gate(AT_ONCE);
  /** The store works on them for long: nothing else waits for that. */
  private readonly copies = new Gate(AT_ONCE);

  /** @param requestTimeout - milliseconds that a small request has for its answer */
  constructor(private readonly requestTimeout: number) {}

  /** Milliseconds for one try to carry so many bytes. */
  timeFor(bytes: number): number {
    return this.requestTimeout + Math.ceil(bytes / SLOWEST);
  }

  /** @throws S3Error */
  small<T>(name: string, send: Send<T>, signal?: AbortSignal): Promise<T> {
    const time = { milliseconds: this.requestTimeout, signal };
    return this.gate.pass(() => this.within(name, time, send), signal);
  }

  /** A request that the store may work on for minutes. @throws S3Error */
  long<T>(name: string, send: Send<T>): Promise<T> {
    return this.gate.pass(() => this.within(name, this.forWholeObject, send));
  }

  /** The same for a copy. @throws S3Error */
  copy<T>(name: string, send: Send<T>): Promise<T> {
    return this.copies.pass(() => this.within(name, this.forWholeObject, send));
  }

  /** The beginning of a download, however many are read: it waits for nobody. @throws S3Error */
  download<T>(name: string, send: Send<T>): Promise<T> {
    return this.within(name, { milliseconds: this.requestTimeout }, send);
  }

  /** A request with a body. What is a stream the SDK cannot send again. @throws S3Error */
  sending<T>(
    name: string,
    { body, length, signal }: S3Body,
    send: (body: Buffer | Readable, limits: Limits) => Promise<T>,
  ): Promise<T> {
    const time = { milliseconds: this.timeFor(length), signal };
    if (typeof body !== 'function')
      return this.gate.pass(() => this.within(name, time, (limits) => send(body, limits)), signal);
    const stream = async () => {
      const broken = new AbortController();
      const source = unfailing(body, broken);
      const either = AbortSignal.any([broken.signal, ...(signal ? [signal] : [])]);
      try {
        return await this.within(name, { ...time, signal: either }, (limits) => send(source, limits));
      } catch (error) {
        throw broken.signal.aborted ? broken.signal.reason : error;
      } finally {
        source.destroy();
      }
    };
    const passes = (error: unknown) => !signal?.aborted && isPassing(error);
    return tryAgain(() => this.gate.pass(stream, signal), { passes });
  }

  private get forWholeObject(): Time {
    return { milliseconds: WHOLE_OBJECT * this.requestTimeout };
  }

  private async within<T>(name: string, { milliseconds, signal }: Time, send: Send<T>): Promise<T> {
    const giveUp = new AbortController();
    // A client of the application may know no limit, and an answer may stop in its middle.
    const timer = setTimeout(() => giveUp.abort(), ALL_TRIES * milliseconds);
    try {
      const abortSignal = signal ? AbortSignal.any([giveUp.signal, signal]) : giveUp.signal;
      return await send({ abortSignal, requestTimeout: milliseconds });
    } catch (error) {
      throw s3Error(name, error);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Whether a request has failed that may succeed another time. */
function isPassing(error: unknown): boolean {
  return error instanceof StorageError && error.kind === 'unavailable';
}
