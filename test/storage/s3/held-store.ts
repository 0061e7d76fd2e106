import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { kindOf } from '../../support/s3-proxy/request-kind.js';
import type { S3Kind } from '../../support/s3-proxy/request-kind.js';

interface Asked {
  readonly kind: S3Kind;
  readonly headers: IncomingHttpHeaders;
}

/** Says yes to everything, and keeps nothing: real stores cannot be made to hold so many answers back. */
export class HeldStore {
  readonly requests: Asked[] = [];
  /** Connections that were opened, closed or not. */
  connections = 0;
  /** Kinds of requests that are answered at `release` only. */
  held: readonly S3Kind[] = [];
  private readonly events = new EventEmitter().setMaxListeners(0);
  private readonly server = createServer((request, response) => {
    this.answer(request, response).catch(() => void request.socket.destroy());
  });

  static async start(): Promise<HeldStore> {
    const store = new HeldStore();
    store.server.on('connection', () => store.connections++).listen(0, '127.0.0.1');
    await once(store.server, 'listening');
    return store;
  }

  get clientConfig(): S3ClientConfig {
    return {
      endpoint: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
      forcePathStyle: true,
    };
  }

  count(kind: S3Kind): number {
    return this.requests.filter((asked) => asked.kind === kind).length;
  }

  /** Resolves when so many requests of the kind have come. */
  async have(kind: S3Kind, wanted: number): Promise<void> {
    while (this.count(kind) < wanted) await once(this.events, 'request');
  }

  release(): void {
    this.held = [];
    this.events.emit('release');
  }

  async stop(): Promise<void> {
    this.release();
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const kind = kindOf({ method, url, isCopy: 'x-amz-copy-source' in headers });
    for await (const _ of request);
    const released = this.held.includes(kind) ? once(this.events, 'release') : undefined;
    this.requests.push({ kind, headers });
    this.events.emit('request');
    await released;
    response.setHeader('etag', '"etag"');
    response.statusCode = kind === 'HeadObject' ? 404 : 200;
    response.end(ANSWERS[kind]);
  }
}

const ANSWERS: Partial<Record<S3Kind, string>> = {
  CreateMultipartUpload: '<R><UploadId>id</UploadId></R>',
  UploadPartCopy: '<R><ETag>"etag"</ETag></R>',
  CompleteMultipartUpload: '<R><ETag>"etag"</ETag></R>',
};
