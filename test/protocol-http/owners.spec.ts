import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import type { Answer } from '../support/raw-http.js';
import { PLATFORMS } from '../support/tus-app.js';
import type { TusApp } from '../support/tus-app.js';
import { GuardedApp, WRONG_OWNERS } from './guarded-app.js';
import { concatenate, content, count, gate, idOf, made, post, record, remove, sql } from './support.js';

const ANN = { 'x-user': 'ann' };
const BOB = { 'x-user': 'bob' };
const NEW = { 'upload-length': '5' };
const PARTIAL = { ...NEW, 'upload-concat': 'partial' };

/** All that a client can tell an answer by. */
function told({ status, statusText, headers, body }: Answer): object {
  const { date: _date, ...rest } = headers;
  return { status, statusText, headers: rest, body: body.toString() };
}

describe.each(PLATFORMS)('the owner of an upload on platform-%s', (platform) => {
  let app: TusApp;

  beforeAll(async () => {
    ({ tus: app } = await GuardedApp.start(platform, { authorize: () => true, downloads: true }));
  });
  afterAll(() => app.stop());

  const partialOf = async (user: Record<string, string>) =>
    made(app, await post(app, { ...PARTIAL, ...user }, 'hello'));
  const unknown = () => `${app.endpoint}/never-given`;

  /** Uploads of Ann, whatever can become of one. */
  const UPLOADS: Record<string, () => Promise<string>> = {
    open: () => create(app.endpoint, { ...NEW, ...ANN }),
    'of deferred length': () => create(app.endpoint, { 'upload-defer-length': '1', ...ANN }),
    complete: async () => made(app, await post(app, { ...NEW, ...ANN }, 'hello')),
    'a partial': () => partialOf(ANN),
    'a final': async () => made(app, await concatenate(app, [await partialOf(ANN)], ANN)),
    'a pending final': async () =>
      made(app, await concatenate(app, [await create(app.endpoint, { ...PARTIAL, ...ANN })], ANN)),
    'a partial that a final needs': async () => {
      const url = await create(app.endpoint, { ...PARTIAL, ...ANN });
      await concatenate(app, [url], ANN);
      return url;
    },
    expired: async () => {
      const url = await create(app.endpoint, { ...NEW, ...ANN });
      await sql(app, `UPDATE tus_upload SET state = 'gone', ending = 'expired' WHERE id = ?`, [idOf(url)]);
      return url;
    },
    deleted: async () => {
      const url = await create(app.endpoint, { ...NEW, ...ANN });
      await remove(url, ANN);
      return url;
    },
  };

  /** Requests to one upload by somebody: right ones, and ones that are wrong in a way that another check finds. */
  function requests(url: string, who: Record<string, string>): Promise<Answer>[] {
    const bytes = { 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' };
    const send = (method: string, headers: Record<string, string> = {}, body?: string) =>
      call({ method, url, headers: tus({ ...headers, ...who }), ...(body !== undefined && { body }) });
    return [
      send('HEAD'),
      send('GET'),
      send('GET', { range: 'bytes=0-1' }),
      send('GET', { 'if-match': '"none"' }),
      send('OPTIONS'),
      send('PATCH', bytes, 'hello'),
      send('PATCH', { ...bytes, 'upload-offset': '4' }, 'hello'),
      send('PATCH', { ...bytes, 'upload-offset': 'x' }, 'hello'),
      send('PATCH', { ...bytes, 'content-type': 'text/plain' }, 'hello'),
      send('PATCH', { ...bytes, 'upload-length': '4' }, 'hello world'),
      send('PATCH', { ...bytes, 'upload-checksum': 'none AAAA' }, 'hello'),
      send('PATCH', { ...bytes, 'upload-checksum': 'sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }, 'hello'),
      send('DELETE'),
      send('POST', { 'x-http-method-override': 'DELETE' }),
      send('POST', { ...bytes, 'x-http-method-override': 'PATCH' }, 'hello'),
      send('POST', { 'x-http-method-override': 'HEAD' }),
      send('DELETE', { 'tus-resumable': '0.2.2' }),
    ];
  }

  it.each(Object.keys(UPLOADS))(
    'CORE-27 CORE-06 CORE-13 is the only one for whom it is there: %s, it is for others as if it had never been',
    async (what) => {
      const url = await UPLOADS[what]!();
      const before = await record(app, url);
      for (const who of [BOB, {}]) {
        const foreign = await Promise.all(requests(url, who));
        const missing = await Promise.all(requests(unknown(), who));
        expect(foreign.map(told)).toEqual(missing.map(told));
        expect(foreign.filter(({ status }) => status === 404).length).toBeGreaterThanOrEqual(15);
        expect(foreign.filter(({ headers }) => Object.keys(headers).some(isOfUploads))).toEqual([]);
      }
      expect(await record(app, url)).toEqual(before);
    },
  );

  it('CORE-27 writes, asks, downloads and deletes', async () => {
    const url = await create(app.endpoint, { ...NEW, ...ANN });
    expect((await patch(url, 0, 'hello', ANN)).status).toBe(204);
    expect((await call({ method: 'HEAD', url, headers: tus(ANN) })).headers['upload-offset']).toBe('5');
    expect(await record(app, url)).toMatchObject({ owner: 'ann', state: 'complete' });
    expect((await call({ method: 'GET', url, headers: ANN })).body.toString()).toBe('hello');
    expect((await remove(url, ANN)).status).toBe(204);
  });

  it('CORE-27 GET-02 is not given what somebody else has stored meanwhile under the key of a deleted upload', async () => {
    const question = gate();
    let asked = (): void => undefined;
    const reading = new Promise<void>((resolve) => (asked = resolve));
    const { tus: shared } = await GuardedApp.start(platform, {
      downloads: true,
      key: () => 'report.txt',
      authorize: async ({ header }) => {
        if (header('X-Slow') === undefined) return;
        asked();
        await question.closed;
      },
    });
    try {
      const url = made(shared, await post(shared, { ...NEW, ...ANN }, 'ann 1'));
      const answer = call({ method: 'GET', url, headers: { ...ANN, 'x-slow': 'yes' } });
      await reading;
      await remove(url, ANN);
      let other: Answer;
      // The key is free once the bytes of the old upload are.
      do other = await post(shared, { ...NEW, ...BOB }, 'bob 1');
      while (other.status === 409);
      question.open();
      expect((await answer).status).toBe(404);
      expect((await call({ method: 'GET', url: made(shared, other), headers: BOB })).body.toString()).toBe(
        'bob 1',
      );
    } finally {
      await shared.stop();
    }
  });

  it('CORE-27 is nobody where nobody is named: such an upload is open to all whom the guards let in', async () => {
    const url = await create(app.endpoint, NEW);
    expect((await record(app, url))?.owner).toBeNull();
    expect((await patch(url, 0, 'he', BOB)).status).toBe(204);
    expect((await patch(url, 2, 'llo')).status).toBe(204);
    expect((await remove(url, ANN)).status).toBe(204);
  });

  it('CON-12 CORE-27 alone can merge it: for others the list has a partial that does not exist', async () => {
    const [mine, foreign] = [await partialOf(BOB), await partialOf(ANN)];
    const single = await create(app.endpoint, { ...NEW, ...BOB });
    const expired = await UPLOADS.expired!();
    const open = await create(app.endpoint, { ...PARTIAL, ...ANN });
    const before = await count(app);
    for (const other of [foreign, expired, open, await UPLOADS.complete!()]) {
      const lists = (url: string) => [[url], [mine, url], [single, url], [url, single], [mine, url, mine]];
      for (const [index, list] of lists(other).entries()) {
        const answer = await concatenate(app, list, BOB);
        const missing = await concatenate(app, lists(unknown())[index]!, BOB);
        expect(told(answer)).toEqual(told(missing));
        expect(JSON.parse(answer.body.toString())).toMatchObject({
          statusCode: 400,
          code: 'INVALID_PARTIAL',
        });
      }
    }
    expect(await count(app)).toBe(before + 1);
    // Nothing holds it: it can be deleted.
    expect((await remove(foreign, ANN)).status).toBe(204);
    expect((await remove(mine, BOB)).status).toBe(204);
  });

  it('CON-30 finds a final again by a repeated POST, and nobody else does', async () => {
    // Partials of nobody, so that both may list them.
    const list = [await partialOf({}), await partialOf({})];
    const ann = made(app, await concatenate(app, list, ANN));
    const bob = made(app, await concatenate(app, list, BOB));
    expect(bob).not.toBe(ann);
    expect(made(app, await concatenate(app, list, ANN))).toBe(ann);
    expect(made(app, await concatenate(app, list, BOB))).toBe(bob);
    expect(await record(app, ann)).toMatchObject({ owner: 'ann', kind: 'final' });
    expect(await content(app, bob)).toBe('hellohello');
    expect((await call({ method: 'HEAD', url: bob, headers: tus(ANN) })).status).toBe(404);
  });

  it.each(Object.keys(WRONG_OWNERS))(
    'CORE-27 CORE-20 is never recorded where the application names it wrongly (%s): that is a fault of the server',
    async (wrong) => {
      const headers = { 'x-owner': wrong };
      const [url, partial] = [await create(app.endpoint, NEW), await partialOf({})];
      const before = await count(app);
      expect((await post(app, { ...NEW, ...headers }, 'hello')).status).toBe(500);
      expect((await concatenate(app, [partial], headers)).status).toBe(500);
      for (const target of [url, await UPLOADS.open!(), unknown()]) {
        expect((await patch(target, 0, 'hello', headers)).status).toBe(500);
        expect((await remove(target, headers)).status).toBe(500);
        const asked = await call({ method: 'HEAD', url: target, headers: tus(headers) });
        expect(asked.status).toBe(423);
      }
      expect(await count(app)).toBe(before + 1);
      expect((await head(url)).headers['upload-offset']).toBe('0');
    },
  );
});

function isOfUploads(name: string): boolean {
  return name.startsWith('upload-') || name === 'location';
}
