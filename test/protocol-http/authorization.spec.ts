import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { send } from '../http/wire.js';
import { OpenPatch } from '../support/open-patch.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import type { Answer } from '../support/raw-http.js';
import { PLATFORMS } from '../support/tus-app.js';
import type { TusApp } from '../support/tus-app.js';
import { GuardedApp } from './guarded-app.js';
import { BYTES, concatenate, content, count, idOf, made, options, portOf, post, remove } from './support.js';

const ANN = { 'x-user': 'ann' };
const NEW = { 'upload-length': '5' };

describe.each(PLATFORMS)('authorize on platform-%s', (platform) => {
  let guarded: GuardedApp;
  let app: TusApp;

  beforeAll(async () => {
    guarded = await GuardedApp.start(platform, { downloads: true });
    app = guarded.tus;
  });
  afterAll(() => app.stop());
  beforeEach(() => void guarded.asked.splice(0));

  /** A complete partial whose metadata has its number. */
  const part = async (number: number, bytes = 'hello') => {
    const metadata = `part ${Buffer.from(String(number)).toString('base64')}`;
    const headers = { 'upload-concat': 'partial', 'upload-length': String(bytes.length) };
    return made(app, await post(app, { ...headers, 'upload-metadata': metadata }, bytes));
  };
  const working = async () => (await readdir(join(app.directory, '.tus', 'work'))).toSorted();

  function expectForbidden(answer: Answer): void {
    expect(answer.status).toBe(403);
    expect(Object.keys(answer.headers).filter((name) => /^upload-|^location$/.test(name))).toEqual([]);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ statusCode: 403, code: 'FORBIDDEN' });
  }

  it('CORE-27 is asked of each request once, with the upload, and its owner and metadata', async () => {
    const said = { 'upload-length': '6', 'upload-metadata': 'part MQ==', ...ANN };
    const url = await create(app.endpoint, { ...said, 'upload-concat': 'partial' });
    await patch(url, 0, 'hello ', ANN);
    await call({ method: 'HEAD', url, headers: tus(ANN) });
    const final = made(app, await concatenate(app, [url, url], { ...ANN, 'upload-metadata': 'name YQ==' }));
    await remove(final, ANN);
    await options(final, ANN);
    const partial = { kind: 'partial', owner: 'ann', length: 6, rawMetadata: 'part MQ==' };
    const id = idOf(url);
    expect(guarded.asked).toEqual([
      expect.objectContaining({ operation: 'create', upload: expect.objectContaining(partial) }),
      expect.objectContaining({ operation: 'write', upload: expect.objectContaining({ ...partial, id }) }),
      expect.objectContaining({
        operation: 'read',
        upload: expect.objectContaining({ ...partial, id, offset: 6 }),
      }),
      expect.objectContaining({
        operation: 'create',
        upload: expect.objectContaining({
          kind: 'final',
          owner: 'ann',
          length: 12,
          rawMetadata: 'name YQ==',
        }),
      }),
      expect.objectContaining({
        operation: 'concatenate',
        upload: expect.objectContaining({ ...partial, id }),
      }),
      expect.objectContaining({
        operation: 'terminate',
        upload: expect.objectContaining({ id: idOf(final) }),
      }),
    ]);
    expect(guarded.asked.map(({ upload }) => upload.metadata.get('part'))).toEqual([
      '1',
      '1',
      '1',
      undefined,
      '1',
      undefined,
    ]);
    expect(guarded.asked[0]?.upload).not.toHaveProperty('id');
  });

  it('CORE-27 CRE-07 CRE-22 refuses a creation, which leaves nothing', async () => {
    const [before, files] = [await count(app), await working()];
    const deny = { 'x-deny': 'create' };
    expectForbidden(await post(app, { ...NEW, ...deny }));
    expectForbidden(await post(app, { ...NEW, ...deny }, 'hello'));
    expectForbidden(await post(app, { ...NEW, 'upload-concat': 'partial', ...deny }, 'hello', true));
    expectForbidden(await post(app, { 'upload-length': '0', ...deny }));
    expect(await count(app)).toBe(before);
    expect(await working()).toEqual(files);
  });

  it('CORE-27 refuses a PATCH and a DELETE, which change nothing, and a HEAD, which tells nothing', async () => {
    const url = await create(app.endpoint, NEW);
    expectForbidden(await patch(url, 0, 'hello', { 'x-deny': 'write' }));
    expectForbidden(await remove(url, { 'x-deny': 'terminate' }));
    const override = { 'x-http-method-override': 'DELETE', 'x-deny': 'terminate' };
    expectForbidden(await call({ method: 'POST', url, headers: tus(override) }));
    const asked = await call({ method: 'HEAD', url, headers: tus({ 'x-deny': 'read' }) });
    expect(asked).toMatchObject({ status: 403, body: Buffer.alloc(0) });
    expect(asked.headers).not.toHaveProperty('upload-offset');
    expect((await head(url)).headers).toMatchObject({ 'upload-offset': '0', 'upload-length': '5' });
  });

  it('CORE-27 GET-02 refuses a download, and is asked for one as for any look at the upload', async () => {
    const url = made(app, await post(app, NEW, 'hello'));
    guarded.asked.splice(0);
    expect((await call({ method: 'GET', url })).body.toString()).toBe('hello');
    const asking: Record<string, string>[] = [{}, { range: 'bytes=0-1' }, { 'if-none-match': '*' }];
    for (const headers of asking) {
      expectForbidden(await call({ method: 'GET', url, headers: { ...headers, 'x-deny': 'read' } }));
    }
    expect(guarded.asked.map(({ operation }) => operation)).toEqual(['read', 'read', 'read', 'read']);
  });

  it('CORE-27 CORE-08 CON-16 refuses before the headers and the kind of the upload are judged', async () => {
    const deny = { 'x-deny': 'write' };
    const url = await create(app.endpoint, NEW);
    const final = made(app, await concatenate(app, [await part(1)]));
    expectForbidden(await patch(url, 0, 'hello', { ...deny, 'content-type': 'text/plain' }));
    expectForbidden(await patch(url, 3, 'hello', deny));
    expectForbidden(await patch(url, 0, 'hello, world', deny));
    expectForbidden(await patch(final, 0, 'hello', deny));
    expectForbidden(await patch(final, 0, 'hello', { ...deny, 'upload-offset': 'x' }));
  });

  it('CORE-27 CORE-06 is not asked of what is not there', async () => {
    const url = await create(app.endpoint, NEW);
    await remove(url);
    guarded.asked.splice(0);
    const deny = { 'x-deny': 'write' };
    for (const target of [url, `${app.endpoint}/never-given`]) {
      expect((await patch(target, 0, 'hello', deny)).status).toBe(404);
      expect((await head(target)).status).toBe(404);
      expect((await remove(target)).status).toBe(404);
    }
    expect(guarded.asked).toEqual([]);
  });

  it('CON-12 CORE-27 refuses a final for each single partial, and nothing is made or held', async () => {
    const urls = [await part(1), await part(2), await part(3)];
    const before = await count(app);
    for (const deny of ['create', 'concatenate', 'concatenate 1', 'concatenate 3']) {
      expectForbidden(await concatenate(app, [...urls, urls[0]!], { 'x-deny': deny }));
    }
    expect(await count(app)).toBe(before);
    for (const url of urls) expect((await remove(url)).status).toBe(204);
  });

  it('CON-12 CON-14 CORE-27 asks for each distinct partial once, in their order, and not for what cannot be merged', async () => {
    const [one, two] = [await part(1), await part(2)];
    const single = await create(app.endpoint, NEW);
    guarded.asked.splice(0);
    expect((await concatenate(app, [two, one, two, `${app.endpoint}/never-given`, single])).status).toBe(400);
    expect(guarded.asked).toMatchObject([
      { operation: 'create', upload: { kind: 'final', length: null } },
      { operation: 'concatenate', upload: { id: idOf(two) } },
      { operation: 'concatenate', upload: { id: idOf(one) } },
    ]);
  });

  it('CON-30 CORE-27 is asked again for a repeated final, which it may refuse', async () => {
    const list = [await part(1), await part(2)];
    const final = made(app, await concatenate(app, list));
    expectForbidden(await concatenate(app, list, { 'x-deny': 'concatenate 2' }));
    expect(made(app, await concatenate(app, list))).toBe(final);
    expect(await content(app, final)).toBe('hellohello');
  });

  it.each([401, 404, 429, 503])('CORE-27 CORE-25 may throw an exception of its own: %i', async (status) => {
    const url = await create(app.endpoint, NEW);
    const headers = (deny: string) => ({ 'x-deny': deny, 'x-throw': String(status) });
    const answers = [
      await post(app, { ...NEW, ...headers('create') }, 'hello'),
      await concatenate(app, [await part(1)], headers('concatenate')),
      await patch(url, 0, 'hello', headers('write')),
      await remove(url, headers('terminate')),
    ];
    const said = { reason: 'the application says so' };
    for (const answer of answers) {
      expect({ status: answer.status, body: JSON.parse(answer.body.toString()) }).toEqual({
        status,
        body: said,
      });
    }
    const asked = await call({ method: 'HEAD', url, headers: tus(headers('read')) });
    expect({ status: asked.status, offset: asked.headers['upload-offset'] }).toEqual({
      status,
      offset: undefined,
    });
    expect((await head(url)).headers['upload-offset']).toBe('0');
  });

  it('CORE-27 CORE-20 that fails is a fault of the server, which gives nothing away; HEAD is told to ask again', async () => {
    const url = await create(app.endpoint, NEW);
    const failing = (deny: string) => ({ 'x-deny': deny, 'x-throw': 'error' });
    const answer = await patch(url, 0, 'hello', failing('write'));
    expect(answer.status).toBe(500);
    expect(answer.body.toString()).not.toContain('directory of users');
    const asked = await call({ method: 'HEAD', url, headers: tus(failing('read')) });
    expect({ status: asked.status, again: asked.headers['retry-after'] }).toEqual({
      status: 423,
      again: '1',
    });
    expect((await post(app, { ...NEW, ...failing('create') }, 'hello')).status).toBe(500);
    expect((await head(url)).headers['upload-offset']).toBe('0');
  });

  it('CORE-27 CORE-19 refuses without interrupting a writer', async () => {
    const url = await create(app.endpoint, { 'upload-length': '10', ...ANN });
    const running = OpenPatch.begin(url, { offset: 0, contentLength: 10, headers: ANN });
    await running.send('01234');
    const asked = { method: 'HEAD', url, headers: tus(ANN) };
    while ((await call(asked)).headers['upload-offset'] !== '5');
    expectForbidden(await patch(url, 5, '56789', { ...ANN, 'x-deny': 'write' }));
    expectForbidden(await remove(url, { ...ANN, 'x-deny': 'terminate' }));
    expect((await patch(url, 5, '56789', { 'x-user': 'bob' })).status).toBe(404);
    expect((await remove(url, { 'x-user': 'bob' })).status).toBe(404);
    await running.send('56789');
    running.end();
    expect(await running.outcome()).toEqual({ status: 204, offset: '10' });
  });

  it.each([false, true])(
    'CRE-23 CON-10 CORE-27 refuses at once, without a 100, who asks whether to send; chunked: %s',
    async (chunked) => {
      const url = await create(app.endpoint, { ...NEW, ...ANN });
      const path = new URL(url).pathname;
      const before = await count(app);
      const expecting = { ...tus(BYTES), Expect: '100-continue', 'Upload-Offset': '0' };
      const sent = { body: 'hello', chunked };
      const create403 = { ...expecting, ...NEW, 'x-deny': 'create' };
      const write403 = { ...expecting, ...ANN, 'x-deny': 'write' };
      const write404 = { ...expecting, 'x-user': 'bob' };
      const final = { ...expecting, ...ANN, 'Upload-Concat': `final;${url}` };
      const answers = [
        await send(portOf(app), { method: 'POST', path: '/files', headers: create403, ...sent }),
        await send(portOf(app), { method: 'POST', path: '/files', headers: final, ...sent }),
        await send(portOf(app), { method: 'PATCH', path, headers: write403, ...sent }),
        await send(portOf(app), { method: 'PATCH', path, headers: write404, ...sent }),
      ];
      expect(answers.map(({ status, continued }) => ({ status, continued }))).toEqual([
        { status: 403, continued: false },
        { status: 403, continued: false },
        { status: 403, continued: false },
        { status: 404, continued: false },
      ]);
      expect(await count(app)).toBe(before);
    },
  );
});
