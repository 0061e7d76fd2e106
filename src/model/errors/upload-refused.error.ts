import { isOurs } from '../response-headers.js';
import { UploadError } from './upload.error.js';

/** RFC 9110, 5.6.2. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
/** RFC 9110, 5.5: a line break would begin another header. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

export interface UploadRefusal {
  /** HTTP status of the answer, from 400 to 599. Default: 422. */
  readonly status?: number;
  /** Whether the upload stays and the hooks are asked again, instead of being removed. Default: false. */
  readonly keep?: boolean;
  /** Response headers, but none of tus, `Location`, or the framing. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** For hooks of the application: refuses an upload, and says what becomes of it (`OnUploadFinish`). */
export class UploadRefusedError extends UploadError {
  readonly status: number;
  readonly code = 'UPLOAD_REFUSED';
  override readonly headers: Readonly<Record<string, string>>;
  /** Whether the upload stays; counts in `OnUploadFinish` only. */
  readonly keep: boolean;

  /** @throws TypeError for a status that refuses nothing, and a header that cannot be sent */
  constructor(message: string, { status = 422, keep = false, headers = {} }: UploadRefusal = {}) {
    super(message);
    if (!Number.isInteger(status) || status < 400 || status > 599)
      throw new TypeError(`UploadRefusedError: status ${status} refuses nothing; use one from 400 to 599.`);
    for (const [name, value] of Object.entries(headers)) checkHeader(name, value);
    this.status = status;
    this.keep = keep;
    this.headers = headers;
  }
}

function checkHeader(name: string, value: string): void {
  const wrong = `UploadRefusedError: the header ${JSON.stringify(name)}`;
  if (isOurs(name)) throw new TypeError(`${wrong} is said by the protocol alone; leave it out.`);
  if (!TOKEN.test(name)) throw new TypeError(`${wrong} has no name that can be sent; use letters and "-".`);
  if (typeof value !== 'string' || !FIELD_VALUE.test(value))
    throw new TypeError(`${wrong} has a value that cannot be sent; use a text of one line, in Latin-1.`);
}
