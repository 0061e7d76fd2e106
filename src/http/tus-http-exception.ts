import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import type { UploadError } from '../model/errors/upload.error.js';

/**
 * How an `UploadError` reaches the application's exception filters (CORE-25). The body is Nest's usual one and a
 * stable `code`; the error itself is the `cause`.
 */
export class TusHttpException extends HttpException {
  /** Stable, for programs; the same as in the body. */
  readonly code: string;

  constructor(error: UploadError) {
    const { status, code, message } = error;
    super({ statusCode: status, error: STATUS_CODES[status] ?? 'Error', message, code }, status, {
      cause: error,
    });
    this.code = code;
    this.message = message;
  }
}
