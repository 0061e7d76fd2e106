import type { Answer } from '../http/answer.js';
import { TusClientError } from './tus-client.error.js';

const HEADERS_TOO_LARGE =
  'the list of parts is longer than its limit for headers. ' +
  'Start it with node --max-http-header-size=65536, or use fewer parts.';

/** The server answered, and refused. */
export class TusResponseError extends TusClientError {
  /** The server's own stable code, such as `INVALID_PARTIAL`; `HTTP_404` from a server that has none. */
  override readonly code: string;
  readonly status: number;
  /** The body of the answer, as text. */
  readonly body: string;
  /** Header fields of the answer, their names in lower case. */
  readonly headers: Answer['headers'];

  constructor(
    readonly method: string,
    readonly url: string,
    answer: Answer,
  ) {
    const { code, message } = said(answer.body);
    const text = answer.status === 431 ? HEADERS_TOO_LARGE : message;
    super(text ? `The server answered ${answer.status}: ${text}` : `The server answered ${answer.status}.`);
    this.status = answer.status;
    this.code = code ?? `HTTP_${answer.status}`;
    this.body = answer.body;
    this.headers = answer.headers;
  }
}

/** What a JSON error says, or the first line of a text. */
function said(body: string): { code: string | undefined; message: string } {
  try {
    const { code, message } = JSON.parse(body) as { code?: unknown; message?: unknown };
    if (typeof message === 'string') return { code: typeof code === 'string' ? code : undefined, message };
  } catch {
    // Not JSON: the text itself is what there is to say.
  }
  return { code: undefined, message: body.trim().split('\n')[0]?.slice(0, 300) ?? '' };
}
