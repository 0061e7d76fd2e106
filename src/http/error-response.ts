import { UploadError } from '../model/errors/upload.error.js';
import type { ResponseWriter } from './response-writer.js';
import { TusHttpException } from './tus-http-exception.js';

/**
 * Turns a client's fault into an exception of Nest, and puts its headers on the response, where any filter's answer
 * takes them along. Everything else passes as it is: a fault of the server, for Nest to log and to answer.
 */
export function toException(error: unknown, response: ResponseWriter): unknown {
  if (!(error instanceof UploadError)) return error;
  response.setHeaders(error.headers);
  return new TusHttpException(error);
}
