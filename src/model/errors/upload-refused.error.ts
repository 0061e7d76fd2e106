import { UploadError } from './upload.error.js';

export interface UploadRefusal {
  /** HTTP status of the answer. Default: 422. */
  readonly status?: number;
  /** Whether the upload stays and the hooks are asked again, instead of being removed. Default: false. */
  readonly keep?: boolean;
  /** Response headers. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** For hooks of the application: refuses an upload, and says what becomes of it (`OnUploadFinish`). */
export class UploadRefusedError extends UploadError {
  readonly status: number;
  readonly code = 'UPLOAD_REFUSED';
  override readonly headers: Readonly<Record<string, string>>;
  /** Whether the upload stays; counts in `OnUploadFinish` only. */
  readonly keep: boolean;

  constructor(message: string, { status = 422, keep = false, headers = {} }: UploadRefusal = {}) {
    super(message);
    this.status = status;
    this.keep = keep;
    this.headers = headers;
  }
}
