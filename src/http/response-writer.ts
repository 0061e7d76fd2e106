import { validateHeaderValue } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Headers } from '../protocol/tus/headers.js';
import { sendBody } from './send-body.js';

/** What is sent back. Only a download has a body; its `Content-Length` is among the headers. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body?: Readable;
}

/** The part of a Fastify reply that is used here. */
interface FastifyReply {
  readonly raw: ServerResponse;
  code(status: number): unknown;
  headers(values: Record<string, string>): unknown;
  getHeaders(): Record<string, number | string | string[] | undefined>;
  hijack(): unknown;
  send(): unknown;
}

/** Express hands over Node's own response, Fastify a reply around it. */
export type PlatformResponse = ServerResponse<IncomingMessage> | FastifyReply;

/** Writes through the platform's own response, so that the headers which the application has set survive. */
export class ResponseWriter {
  constructor(private readonly response: PlatformResponse) {}

  get raw(): ServerResponse {
    return 'raw' in this.response ? this.response.raw : this.response;
  }

  setHeaders(headers: Headers): void {
    if (this.raw.headersSent) return;
    if ('raw' in this.response) this.response.headers({ ...headers });
    else for (const [name, value] of Object.entries(headers)) this.response.setHeader(name, value);
  }

  send({ status, headers, body }: Answer): void {
    if (this.raw.headersSent) {
      body?.destroy();
      return;
    }
    try {
      // A step that was overridden may give what no header can be; nothing must be set by then.
      for (const [name, value] of Object.entries(headers)) validateHeaderValue(name, value);
      this.setHeaders(headers);
      if (body) this.sendFile(status, body);
      else this.sendEmpty(status);
    } catch (error) {
      body?.destroy();
      throw error;
    }
  }

  private sendEmpty(status: number): void {
    if ('raw' in this.response) {
      this.response.code(status);
      this.response.send();
      return;
    }
    this.response.statusCode = status;
    // Express' own send() adds an ETag and may make a 304 of a HEAD (trap 14).
    this.response.end();
  }

  /** Past the `onSend` hooks of Fastify: what compresses there would break lengths and ranges (GET-09). */
  private sendFile(status: number, body: Readable): void {
    const { raw } = this;
    if ('raw' in this.response) {
      for (const [name, value] of Object.entries(this.response.getHeaders())) {
        if (value !== undefined) raw.setHeader(name, value);
      }
      this.response.hijack();
    }
    raw.statusCode = status;
    sendBody(raw, body);
  }
}
