import type { ServerResponse } from 'node:http';
import type { Headers } from '../protocol/tus/headers.js';

/** What is sent back; never a body, tus has none. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
}

/** The part of a Fastify reply that is used here. */
interface FastifyReply {
  readonly raw: ServerResponse;
  code(status: number): unknown;
  headers(values: Record<string, string>): unknown;
  send(): unknown;
}

/** Express hands over Node's own response, Fastify a reply around it. */
export type PlatformResponse = ServerResponse | FastifyReply;

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

  send({ status, headers }: Answer): void {
    if (this.raw.headersSent) return;
    this.setHeaders(headers);
    if ('raw' in this.response) {
      this.response.code(status);
      this.response.send();
      return;
    }
    this.response.statusCode = status;
    // Express' own send() adds an ETag and may make a 304 of a HEAD (trap 14).
    this.response.end();
  }
}
