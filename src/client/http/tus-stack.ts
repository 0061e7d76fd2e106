import type { HttpRequest, HttpResponse, HttpStack } from 'tus-js-client';
import { TusConnectionError } from '../errors/connection.error.js';
import { answerOf, field, type Answer } from './answer.js';
import type { Chunk } from './body.js';
import { openExchange } from './open-exchange.js';

/**
 * How tus-js-client reaches the network. Its own way waits for ever for an answer that is cut off, loses errors of what
 * it reads, and goes on sending to a server that has refused.
 */
export class TusStack implements HttpStack {
  constructor(private readonly idleTimeout: number) {}

  createRequest(method: string, url: string): HttpRequest {
    return new StackRequest(method, url, this.idleTimeout);
  }

  getName(): string {
    return 'nestjs-tus';
  }
}

class StackRequest implements HttpRequest {
  private readonly headers: Record<string, string> = {};
  private readonly abortion = new AbortController();
  private onSent: (sent: number) => void = () => undefined;

  constructor(
    private readonly method: string,
    private readonly url: string,
    private readonly idleTimeout: number,
  ) {}

  getMethod(): string {
    return this.method;
  }

  getURL(): string {
    return this.url;
  }

  setHeader(header: string, value: string): void {
    this.headers[header] = value;
  }

  getHeader(header: string): string | undefined {
    return this.headers[header];
  }

  setProgressHandler(handler: (sent: number) => void): void {
    this.onSent = handler;
  }

  async send(body: Chunk | null): Promise<HttpResponse> {
    const { method, url, onSent, idleTimeout } = this;
    const { signal } = this.abortion;
    const checksum = body?.checksum;
    const headers = { ...this.headers, ...(checksum && { 'Upload-Checksum': checksum }) };
    const response = await openExchange({ method, url, headers, body, onSent, signal, idleTimeout });
    try {
      return responseOf(await answerOf(response));
    } catch (error) {
      throw new TusConnectionError(url, error);
    }
  }

  async abort(): Promise<void> {
    this.abortion.abort();
  }

  getUnderlyingObject(): undefined {
    return undefined;
  }
}

function responseOf(answer: Answer): HttpResponse {
  return {
    getStatus: () => answer.status,
    getHeader: (name) => field(answer, name),
    getBody: () => answer.body,
    getUnderlyingObject: () => answer,
  };
}
