import { StorageError } from '../../model/errors/storage.error.js';
import { tryAgain } from '../parts/try-again.js';
import { AzureError, azureError } from './azure.error.js';

/** Bytes that a connection carries in a millisecond at least, or it counts as broken: 128 KiB/s. */
const SLOWEST = 131;
/** Commits and copies work on whole blobs before they answer. */
const WHOLE_BLOB = 5;
/** Over some seconds, with what is waited between them. */
const TRIES = 6;

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
    return this.sending(name, 0, send);
  }

  /** A request that the store may work on for minutes. @throws AzureError */
  long<T>(name: string, send: Send<T>): Promise<T> {
    return this.within(name, WHOLE_BLOB * this.requestTimeout, send);
  }

  /** A request with so many bytes of body. @throws AzureError */
  sending<T>(name: string, bytes: number, send: Send<T>): Promise<T> {
    return this.within(name, this.timeFor(bytes), send);
  }

  private within<T>(name: string, milliseconds: number, send: Send<T>): Promise<T> {
    const once = async () => {
      // The SDK has no limit of its own, and an answer may stop in its middle.
      const giveUp = new AbortController();
      const timer = setTimeout(() => giveUp.abort(), milliseconds);
      try {
        return await Promise.race([send(giveUp.signal), aborted(giveUp.signal)]);
      } catch (error) {
        throw error instanceof StorageError ? error : azureError(name, error);
      } finally {
        clearTimeout(timer);
      }
    };
    return tryAgain(once, { tries: TRIES, passes });
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
