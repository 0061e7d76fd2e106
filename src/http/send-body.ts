import type { ServerResponse } from 'node:http';
import type { Http2Stream } from 'node:http2';
import { pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';

const logger = new Logger('TusController');

/**
 * Sends a stream as fast as the client takes it. A client that goes away frees the stream; a stream that fails takes
 * the connection with it (on HTTP/2 its own stream), so that nobody takes a part for the whole (GET-08).
 */
export function sendBody(response: ServerResponse & { readonly stream?: Http2Stream }, body: Readable): void {
  // It went away while the stream was opened.
  if (response.destroyed || response.stream?.destroyed) {
    body.destroy();
    return;
  }
  pipeline(body, response, (error) => {
    if (error && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') logger.error(error);
  });
}
