import { StorageError } from '../../model/errors/storage.error.js';
import { tryAgain } from '../parts/try-again.js';
import { AzureError, azureError } from './azure.error.js';

/** Bytes that a connection carries in a millisecond at least, or it counts as broken: 128 KiB/s. */
const SLOWEST = 131;
/** Commits and copies work on whole blobs before they answer. */
const WHOLE_BLOB = 5;
/** Over some seconds, with what is waited between them. */
const TRIES = 6;

interface Time {
  /** For one try. */
  readonly milliseconds: number;
  /** Ends all tries. */
  readonly signal?: AbortSignal | undefined;
}

type Send<T> = (abortSignal: AbortSignal) => Promise<T>;

/** Gives each try of a request its time, tries again what may pass, and gives each failure its meaning. */
export class Requests {
  /** @param requestTimeout - milliseconds that a small request has for its answer */
  constructor(private readonly requestTimeout: number) {}

  /** Milliseconds for one try to carry so many bytes. */
  timeFor(bytes: number): number {
    return this.requestTimeout + Math.ceil(bytes / SLOWEST);
  }

  /** @throws AzureError */
  small<T>(name: string, send: Send<T>): Promise<T> {
    return this.sending(name, { bytes: 0 }, send);
  }

  /** A request that the store may work on for minutes. @throws AzureError */
  long<T>(name: string, send: Send<T>): Promise<T> {
    return this.within(name, { milliseconds: WHOLE_BLOB * this.requestTimeout }, send);
  }

  /** A request with so many bytes of body. @throws AzureError */
  sending<T>(
    name: string,
    { bytes, signal }: { readonly bytes: number; readonly signal?: AbortSignal | undefined },
    send: Send<T>,
  ): Promise<T> {
    return this.within(name, { milliseconds: this.timeFor(bytes), signal }, send);
  }

  private within<T>(name: string, { milliseconds, signal }: Time, send: Send<T>): Promise<T> {
    const once = async () => {
      // The SDK has no limit of its own, and an answer may stop in its middle.
      const giveUp = new AbortController();
      const timer = setTimeout(() => giveUp.abort(), milliseconds);
      try {
        const abortSignal = signal ? AbortSignal.any([giveUp.signal, signal]) : giveUp.signal;
        return await Promise.race([send(abortSignal), aborted(abortSignal)]);
      } catch (error) {
        throw error instanceof StorageError ? error : azureError(name, error);
      } finally {
        clearTimeout(timer);
      }
    };
    return tryAgain(once, { tries: TRIES, passes: (error) => !signal?.aborted && passes(error) });
  }
}

/** A credential need not look at the signal. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function passes(error: unknown): boolean {
  return error instanceof AzureError && error.passing;
}
