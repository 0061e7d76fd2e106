import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OpenPatch } from '../support/open-patch.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';

const MIB = 1024 * 1024;

describe.each(PLATFORMS)('requests that meet on one upload, on platform-%s', (platform) => {
  let app: TusApp;

  beforeAll(async () => {
    app = await TusApp.start({ platform });
  });
  afterAll(() => app.stop());

  async function stored(url: string): Promise<Buffer> {
    return readFile(join(app.directory, url.split('/').at(-1) ?? ''));
  }

  it('CORE-19 of two PATCHes at the same offset one wins, and the file holds exactly one sequence', async () => {
    const size = 4 * MIB;
    const url = await create(app.endpoint, { 'upload-length': String(size) });
    const bodies = [Buffer.alloc(size, 'a'), Buffer.alloc(size, 'b')];
    const statuses = (await Promise.all(bodies.map((body) => patch(url, 0, body)))).map(
      ({ status }) => status,
    );
    expect(statuses.filter((status) => status === 204).length).toBeLessThanOrEqual(1);
    expect(statuses.every((status) => [204, 409, 423].includes(status))).toBe(true);
    const offset = Number((await head(url)).headers['upload-offset']);
    if (offset < size) expect((await patch(url, offset, Buffer.alloc(size - offset, 'c'))).status).toBe(204);
    const bytes = await stored(url);
    const winner = bytes.toString('latin1', 0, 1);
    expect(offset === 0 ? ['c'] : ['a', 'b']).toContain(winner);
    const expected = Buffer.concat([Buffer.alloc(offset, winner), Buffer.alloc(size - offset, 'c')]);
    expect(bytes.equals(expected)).toBe(true);
  });

  it('CORE-19 a stalled PATCH gives way to a new one, with all the bytes that it had sent', async () => {
    const bytes = randomBytes(2 * MIB);
    const url = await create(app.endpoint, { 'upload-length': String(bytes.length) });
    const stalled = OpenPatch.begin(url, { offset: 0, contentLength: bytes.length });
    await stalled.send(bytes.subarray(0, MIB));
    // It has begun once some of it is on record; whatever has arrived by now is kept.
    while ((await head(url)).headers['upload-offset'] === '0');
    const conflict = await patch(url, MIB, bytes.subarray(MIB));
    expect([204, 409]).toContain(conflict.status);
    expect((await stalled.outcome()).status).toBe(423);
    const offset = Number((await head(url)).headers['upload-offset']);
    if (offset < bytes.length) expect((await patch(url, offset, bytes.subarray(offset))).status).toBe(204);
    expect((await stored(url)).equals(bytes)).toBe(true);
  });

  it('CORE-07 HEAD neither waits for a running PATCH nor ends it', async () => {
    const url = await create(app.endpoint, { 'upload-length': '10' });
    const running = OpenPatch.begin(url, { offset: 0, contentLength: 10 });
    await running.send('01234');
    expect((await head(url)).status).toBe(200);
    await running.send('56789');
    running.end();
    expect(await running.outcome()).toEqual({ status: 204, offset: '10' });
  });

  it('CORE-10 a PATCH at an offset that is long passed does not interrupt the writer', async () => {
    const url = await create(app.endpoint, { 'upload-length': '20' });
    expect((await patch(url, 0, '0123456789')).status).toBe(204);
    const running = OpenPatch.begin(url, { offset: 10, contentLength: 10 });
    await running.send('01234');
    const stale = await patch(url, 0, 'stale');
    expect(stale.status).toBe(409);
    expect(stale.headers['upload-offset']).toBe('10');
    await running.send('56789');
    running.end();
    expect((await running.outcome()).status).toBe(204);
  });

  it('TER-04 DELETE ends a running PATCH, which is answered 404', async () => {
    const url = await create(app.endpoint, { 'upload-length': '10' });
    const running = OpenPatch.begin(url, { offset: 0, contentLength: 10 });
    await running.send('01234');
    expect((await call({ method: 'DELETE', url, headers: tus() })).status).toBe(204);
    expect([0, 404]).toContain((await running.outcome()).status);
    expect((await head(url)).status).toBe(404);
  });

  it('TER-03 of two DELETEs at once one is answered 204, the other 404', async () => {
    const url = await create(app.endpoint, { 'upload-length': '10' });
    const answers = await Promise.all([1, 2].map(() => call({ method: 'DELETE', url, headers: tus() })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 404]);
  });

  it('CORE-15 a PATCH that is cut off keeps what had arrived', async () => {
    const url = await create(app.endpoint, { 'upload-length': '100' });
    const cut = OpenPatch.begin(url, { offset: 0, contentLength: 100 });
    await cut.send('x'.repeat(60));
    cut.cut();
    // The server may still have to notice; it never keeps less or more.
    while ((await head(url)).headers['upload-offset'] !== '60');
    expect((await patch(url, 60, 'x'.repeat(40))).status).toBe(204);
    expect((await head(url)).headers['upload-offset']).toBe('100');
    expect((await stored(url)).toString()).toBe('x'.repeat(100));
  });
});
