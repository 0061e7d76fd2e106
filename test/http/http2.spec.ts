import { connect } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { startApp } from './app.js';
import type { RunningApp } from './app.js';
import { BYTES, TUS } from './wire.js';

describe('the endpoint over HTTP/2', () => {
  let running: RunningApp;
  let session: ClientHttp2Session;

  beforeAll(async () => {
    // The adapter's type knows HTTP/1 servers only.
    const adapter = new FastifyAdapter({ http2: true } as object);
    running = await startApp('fastify', { adapter });
    session = connect(`http://127.0.0.1:${running.port}`);
  });

  afterAll(async () => {
    session.close();
    await running.close();
  });

  function send(headers: OutgoingHttpHeaders, body = ''): Promise<IncomingHttpHeaders> {
    return new Promise((resolve, reject) => {
      const stream = session.request({ ...TUS, ...headers }, { endStream: body === '' });
      stream.once('response', (answer) => {
        stream.resume().once('close', () => resolve(answer));
      });
      stream.once('error', reject);
      if (body !== '') stream.end(body);
    });
  }

  it('creates, appends without a length, tells the offset and deletes (CORE-30)', async () => {
    const created = await send(
      { ':method': 'POST', ':path': '/files/', 'upload-length': '10', ...BYTES },
      'hello',
    );
    expect(created).toMatchObject({ ':status': 201, 'upload-offset': '5', 'tus-resumable': '1.0.0' });
    const path = String(created.location);
    const more = { ':method': 'PATCH', ':path': path, 'upload-offset': '5', ...BYTES };
    expect(await send(more, 'world')).toMatchObject({ ':status': 204, 'upload-offset': '10' });
    const override = { ':method': 'POST', ':path': path, 'x-http-method-override': 'HEAD' };
    for (const head of [{ ':method': 'HEAD', ':path': path }, override]) {
      expect(await send(head)).toMatchObject({ ':status': 200, 'upload-offset': '10' });
    }
    expect(await send({ ':method': 'DELETE', ':path': path })).toMatchObject({ ':status': 204 });
  });

  it('refuses a body that it does not read, and keeps the connection (trap 6)', async () => {
    const refused = await send({ ':method': 'PATCH', ':path': '/files/none', ...BYTES }, 'x'.repeat(10_000));
    expect(refused).toMatchObject({ ':status': 404 });
    expect(await send({ ':method': 'OPTIONS', ':path': '/files' })).toMatchObject({ ':status': 204 });
  });
});
