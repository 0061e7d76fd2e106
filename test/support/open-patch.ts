import { once } from 'node:events';
import { request } from 'node:http';
import type { ClientRequest } from 'node:http';
import { tus } from './raw-http.js';

/** How a request ended: with a status, or (0) with its connection. */
export interface PatchOutcome {
  readonly status: number;
  readonly offset: string | undefined;
}

/** A PATCH whose body a test sends piece by piece. */
export class OpenPatch {
  private readonly ended: Promise<PatchOutcome>;

  private constructor(private readonly outgoing: ClientRequest) {
    this.ended = new Promise((resolve) => {
      outgoing.on('response', (incoming) => {
        incoming.resume();
        resolve({
          status: incoming.statusCode ?? 0,
          offset: incoming.headers['upload-offset'] as string | undefined,
        });
      });
      const lost = () => resolve({ status: 0, offset: undefined });
      outgoing.on('error', lost);
      outgoing.on('close', lost);
    });
  }

  static begin(
    url: string,
    {
      offset,
      contentLength,
      headers,
    }: { offset: number; contentLength?: number; headers?: Record<string, string> },
  ): OpenPatch {
    const outgoing = request(url, {
      method: 'PATCH',
      agent: false,
      headers: tus({
        'content-type': 'application/offset+octet-stream',
        'upload-offset': String(offset),
        ...(contentLength === undefined
          ? { 'transfer-encoding': 'chunked' }
          : { 'content-length': String(contentLength) }),
        ...headers,
      }),
    });
    outgoing.flushHeaders();
    return new OpenPatch(outgoing);
  }

  /** Resolves when the bytes are out of this process, or the connection is gone. */
  send(bytes: Buffer | string): Promise<void> {
    return new Promise((resolve) => this.outgoing.write(bytes, () => resolve()));
  }

  /** Resolves when the server asks for the body: with `Expect: 100-continue`, once the writer has its right to write. */
  async wanted(): Promise<void> {
    await once(this.outgoing, 'continue');
  }

  /** Ends the body, with fields behind it if it is chunked. */
  end(trailers: readonly (readonly [name: string, value: string])[] = []): void {
    this.outgoing.addTrailers(trailers.map(([name, value]): [string, string] => [name, value]));
    this.outgoing.end();
  }

  /** Cuts the connection. */
  cut(): void {
    this.outgoing.destroy();
  }

  outcome(): Promise<PatchOutcome> {
    return this.ended;
  }
}
