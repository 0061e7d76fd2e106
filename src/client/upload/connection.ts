import { checkHeaders } from '../check-options.js';
import { Requester } from '../http/requester.js';
import { TusStack } from '../http/tus-stack.js';
import type { ConnectionOptions } from '../options.js';

const RETRY_DELAYS = [0, 1000, 3000, 5000];
const REQUEST_TIMEOUT = 120_000;

/** Where uploads are created, and how requests are made. */
export interface Connection {
  /** Absolute; empty where a call needs none. */
  readonly endpoint: string;
  readonly retryDelays: readonly number[];
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  readonly stack: TusStack;
  readonly requester: Requester;
}

export function connectionOf(options: ConnectionOptions): Connection {
  const {
    endpoint = '',
    headers = {},
    retryDelays = RETRY_DELAYS,
    requestTimeout = REQUEST_TIMEOUT,
  } = options;
  const ask = async () => (typeof headers === 'function' ? checkHeaders(await headers()) : headers);
  return {
    endpoint,
    retryDelays,
    headers: ask,
    stack: new TusStack(requestTimeout),
    requester: new Requester({ headers: ask, retryDelays, idleTimeout: requestTimeout }),
  };
}
