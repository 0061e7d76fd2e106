import { TusClientError } from './tus-client.error.js';

/** No answer came: the server is not there, or the connection was lost. `cause` is what Node says. */
export class TusConnectionError extends TusClientError {
  override readonly code = 'NO_ANSWER';

  constructor(
    readonly url: string,
    cause: unknown,
  ) {
    super(describe(url, cause), { cause });
  }
}

function describe(url: string, cause: unknown): string {
  const { code, message } = (cause ?? {}) as { code?: unknown; message?: unknown };
  if (code === 'ECONNREFUSED') return `Nothing answers at ${url}; is the server running?`;
  if (code === 'ENOTFOUND') return `The host of ${url} is not known.`;
  const reason = typeof message === 'string' && message !== '' ? message : String(code ?? cause);
  return `The connection to ${url} failed: ${reason.replace(/\.$/, '')}.`;
}
