import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PLATFORMS, startApp } from './app.js';
import type { RunningApp } from './app.js';
import { BYTES, create, send, TUS } from './wire.js';

describe.each(PLATFORMS)('concatenation on %s', (platform) => {
  let running: RunningApp;
  let port: number;

  beforeAll(async () => {
    running = await startApp(platform);
    ({ port } = running);
  });

  afterAll(() => running.close());

  afterEach(() => {
    running.uploads.finalState = 'complete';
  });

  const patch = (path: string, offset: number, body: string) =>
    send(port, {
      method: 'PATCH',
      path,
      headers: { ...TUS, ...BYTES, 'Upload-Offset': String(offset) },
      body,
    });
  const head = (path: string) => send(port, { method: 'HEAD', path, headers: TUS });
  const idOf = (path: string) => path.split('/').at(-1) ?? '';

  const final = (concat: string, headers = {}, body?: string, chunked = false) =>
    send(port, {
      method: 'POST',
      headers: { ...TUS, 'Upload-Concat': concat, ...headers },
      ...(body !== undefined && { body, chunked }),
    });

  async function partial(body: string): Promise<string> {
    const path = await create(port, { 'Upload-Concat': 'partial', 'Upload-Length': String(body.length) });
    await patch(path, 0, body);
    return path;
  }

  it('merges partials in the order of the list (CON-07, CON-08, CON-14)', async () => {
    const [a, b] = [await partial('hello '), await partial('world')];
    const reply = await final(`final;http://other.example${a} ${idOf(b)}`, { 'Upload-Metadata': 'a QQ==' });
    expect(reply).toMatchObject({ status: 201, headers: { 'upload-offset': '11', 'upload-length': '11' } });
    const path = reply.headers.location ?? '';
    expect(running.uploads.bytesOf(idOf(path))).toBe('hello world');
    expect((await head(path)).headers).toMatchObject({
      'upload-concat': `final;http://other.example${a} ${idOf(b)}`,
      'upload-metadata': 'a QQ==',
    });
  });

  it('says on HEAD that a partial is one (CON-03)', async () => {
    expect((await head(await partial('x'))).headers['upload-concat']).toBe('partial');
  });

  it('answers 201 without an offset when the merge takes long (CON-19, CON-31)', async () => {
    running.uploads.finalState = 'merging';
    const reply = await final(`final;${await partial('abc')}`);
    const { headers } = await head(reply.headers.location ?? '');
    for (const answer of [reply.headers, headers]) {
      expect(answer).toMatchObject({ 'upload-length': '3' });
      expect(answer).not.toHaveProperty('upload-offset');
    }
  });

  it.each([false, true])('refuses content, chunked %s (CON-10)', async (chunked) => {
    const path = await partial('x');
    const reply = await final(`final;${path}`, BYTES, 'y', chunked);
    expect(reply).toMatchObject({ status: 403, body: expect.stringContaining('FINAL_NOT_WRITABLE') });
  });

  it('takes an empty chunked body for no content (CON-10)', async () => {
    expect((await final(`final;${await partial('x')}`, BYTES, '', true)).status).toBe(201);
  });

  it('ignores content of another type (CON-10)', async () => {
    expect((await final(`final;${await partial('x')}`, { 'Content-Type': 'text/plain' }, 'y')).status).toBe(
      201,
    );
  });

  it.each([
    ['a length (CON-09)', 'final;/files/u1', { 'Upload-Length': '1' }],
    ['an unknown value (CON-02)', 'finally', {}],
    ['a foreign path (CON-12)', 'final;/other/u1', {}],
    ['too many partials (CON-15)', 'final;u1 u1 u1 u1', {}],
  ])('with %s is refused with 400', async (_, concat, headers) => {
    expect((await final(concat, headers)).status).toBe(400);
  });

  it('refuses a PATCH on a final whatever its headers (CON-16)', async () => {
    const reply = await final(`final;${await partial('x')}`);
    const path = reply.headers.location ?? '';
    expect((await patch(path, 0, 'y')).status).toBe(403);
    expect((await send(port, { method: 'PATCH', path, headers: TUS, body: 'y' })).status).toBe(403);
  });
});
