import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Recorded {
  readonly method: string;
  readonly path: string;
  /** Names as they were sent. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Bytes of the body that came from the client. */
  received: number;
  /** Undefined while nothing was answered. */
  status: number | undefined;
  /** The fields that were answered. */
  answer: Readonly<Record<string, string | string[] | undefined>>;
}

/** Stands before a server, and keeps what clients ask and are told. */
export class RecordingProxy {
  readonly requests: Recorded[] = [];
  /** Called with each piece of a body, and with 0 when a request arrives. */
  onBytes: ((bytes: number, recorded: Recorded) => void) | undefined;
  private readonly server: Server = createServer((incoming, outgoing) => this.forward(incoming, outgoing));

  constructor(private readonly target: string) {}

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${new URL(this.target).pathname}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method = '', url = '', headers, rawHeaders } = incoming;
    const recorded: Recorded = {
      ...{ method, path: url, headers: pairs(rawHeaders) },
      ...{ received: 0, status: undefined, answer: {} },
    };
    this.requests.push(recorded);
    this.onBytes?.(0, recorded);
    const passed = request(new URL(url, this.target), { method, headers }, (response) => {
      recorded.status = response.statusCode;
      recorded.answer = response.headers;
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    outgoing.on('close', () => {
      if (!outgoing.writableFinished) passed.destroy();
    });
    incoming.on('data', (piece: Buffer) => {
      recorded.received += piece.length;
      this.onBytes?.(piece.length, recorded);
      if (passed.write(piece)) return;
      incoming.pause();
      passed.once('drain', () => incoming.resume());
    });
    incoming.on('end', () => passed.end());
  }
}

function pairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, index) => [
    raw[2 * index] ?? '',
    raw[2 * index + 1] ?? '',
  ]);
}
