import { UploadError } from './upload.error.js';

/** The method has no meaning here; `Allow` lists those that have (CORE-24). */
export class MethodNotAllowedError extends UploadError {
  readonly status = 405;
  readonly code = 'METHOD_NOT_ALLOWED';
  override readonly headers: Readonly<Record<string, string>>;

  constructor(allowed: readonly string[]) {
    super(`Use one of ${allowed.join(', ')}.`);
    this.headers = { Allow: allowed.join(', ') };
  }
}
