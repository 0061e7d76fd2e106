import { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PeerUpload {
  readonly path: string;
  readonly length: number;
  readonly metadata: string | undefined;
  readonly concat: string | undefined;
  bytes: Buffer;
  /** Resolves when the body that is being received has ended or was cut off. */
  idle: Promise<void>;
}

/** True if the request has been answered, or is left without an answer. */
type Fault = (request: IncomingMessage, response: ServerResponse) => boolean;

/** As much of a tus server, in memory, as the client needs to be watched from the other side. */
export class TusPeer {
  readonly uploads = new Map<string, PeerUpload>();
  /** `POST /files`, `PATCH /files/1 0`: every request in the order of arrival, a PATCH with its offset. */
  readonly requests: string[] = [];
  /** Emits `request` for each of them, after the fault had its say. */
  readonly arrivals = new EventEmitter();
  /** What OPTIONS lists. */
  extensions = 'creation,concatenation';
  /** Bytes of all bodies, those that were sent twice too. */
  received = 0;
  fault: Fault | undefined;
  /** Called with each piece of a body, after it is stored. */
  onBytes: ((upload: PeerUpload) => void) | undefined;
  private readonly server: Server = createServer((request, response) => void this.serve(request, response));

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/files`;
  }

  /** The upload at a URL that the client was given. */
  at(url: string): PeerUpload {
    return this.uploads.get(new URL(url).pathname)!;
  }

  /** Cuts all connections. */
  cut(): void {
    this.server.closeAllConnections();
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '', headers } = request;
    this.requests.push([method, url, headers['upload-offset']].filter(Boolean).join(' '));
    const answered = this.fault?.(request, response);
    this.arrivals.emit('request');
    if (answered) return;
    if (method === 'OPTIONS') {
      const abilities = {
        'Tus-Version': '1.0.0',
        'Tus-Extension': this.extensions,
        'Tus-Checksum-Algorithm': 'sha1,sha256',
      };
      return void response.writeHead(204, abilities).end();
    }
    if (method === 'POST') return this.create(request, response);
    const upload = this.uploads.get(url);
    if (!upload) return void response.writeHead(404).end();
    await upload.idle;
    if (method === 'PATCH') await (upload.idle = this.append(upload, request));
    response.setHeader('Upload-Offset', upload.bytes.length).setHeader('Upload-Length', upload.length);
    response.writeHead(method === 'PATCH' ? 204 : 200).end();
  }

  private create({ headers }: IncomingMessage, response: ServerResponse): void {
    const concat = headers['upload-concat'] as string | undefined;
    const path = `/files/${this.uploads.size + 1}`;
    const sources = concat?.startsWith('final;') ? concat.slice(6).split(' ') : [];
    const bytes = Buffer.concat(sources.map((source) => this.at(source).bytes));
    const length = sources.length > 0 ? bytes.length : Number(headers['upload-length']);
    const metadata = headers['upload-metadata'] as string | undefined;
    this.uploads.set(path, { path, length, metadata, concat, bytes, idle: Promise.resolve() });
    if (sources.length > 0) response.setHeader('Upload-Offset', bytes.length);
    response.writeHead(201, { Location: path }).end();
  }

  private async append(upload: PeerUpload, request: IncomingMessage): Promise<void> {
    try {
      for await (const piece of request as AsyncIterable<Buffer>) {
        this.received += piece.length;
        upload.bytes = Buffer.concat([upload.bytes, piece]);
        this.onBytes?.(upload);
      }
    } catch {
      // The client went away; what came is kept.
    }
  }
}
