import type { IncomingMessage } from 'node:http';
import { HttpException, Logger } from '@nestjs/common';
import { BodyInterruptedError } from '../model/errors/body-interrupted.error.js';
import { StateUnknownError } from '../model/errors/state-unknown.error.js';
import { UploadError } from '../model/errors/upload.error.js';
import type { Upload } from '../model/upload.js';
import { closeConnection } from './close-connection.js';
import type { ResponseWriter } from './response-writer.js';
import { TusHttpException } from './tus-http-exception.js';

const logger = new Logger('TusController');

/**
 * Turns a client's fault into an exception of Nest, and puts its headers on the response, where any filter's answer
 * takes them along. Everything else passes as it is: a fault of the server, for Nest to log and to answer.
 */
export function toException(error: unknown, request: IncomingMessage, response: ResponseWriter): unknown {
  if (!(error instanceof UploadError)) return error;
  // Interceptors and filters of the application still get to see it; what they answer goes nowhere.
  if (error instanceof BodyInterruptedError) closeConnection(request);
  response.setHeaders(error.headers);
  // Node knows no phrase for it, and would say "unknown" (CHK-04); HTTP/2 has no phrases.
  if (error.status === 460 && request.httpVersionMajor === 1)
    response.raw.statusMessage = 'Checksum Mismatch';
  return new TusHttpException(error);
}

/**
 * Waits for the state that a HEAD asks for. A fault of the server is logged, and must not look final to the client;
 * what the application decided passes.
 * @throws StateUnknownError
 */
export async function stateOf(reading: Promise<Upload>): Promise<Upload> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof UploadError || error instanceof HttpException) throw error;
    logger.error(error);
    throw new StateUnknownError({ cause: error });
  }
}
