import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ForbiddenException } from '@nestjs/common';
import { StorageError, TusController } from '../../src/index.js';
import type { TusAnswer, TusRequest } from '../../src/index.js';
import { Maintenance } from '../../src/maintenance/maintenance.js';
import { Background } from '../../src/uploads/background.js';
import { OpenPatch } from '../support/open-patch.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import { faultyApp } from '../support/storages/faulty-app.js';
import type { FaultyApp } from '../support/storages/faulty-app.js';
import { overStorages } from '../support/storages/over-storages.js';
import type { TusApp } from '../support/tus-app.js';
import { BYTES, idOf, options, partial, record, remove } from './support.js';

/** A controller of an application that keeps what is dear to it. */
class Vetoing extends TusController {
  protected override async terminate(request: TusRequest, id: string): Promise<TusAnswer> {
    if (request.header('X-Veto')) throw new ForbiddenException('not this one');
    return super.terminate(request, id);
  }
}

overStorages('termination', 'DELETE', (on) => {
  let server: FaultyApp;
  let app: TusApp;

  beforeAll(async () => {
    server = await faultyApp(on, { tus: { controller: Vetoing } });
    ({ app } = server);
  });
  afterAll(() => server.stop());

  /** Whether anything is stored of an upload. */
  const isStored = async (url: string): Promise<boolean> => {
    const names = [...(await server.place.objects()), ...(await server.place.leftovers())];
    return names.some((name) => name.includes(idOf(url)));
  };
  const freed = () => app.get(Background).idle();

  it.each([
    ['that has no byte', ''],
    ['in its middle', 'he'],
    ['that is complete', 'hello'],
  ])('TER-01 on an upload %s is 204 without content, and frees what it stored', async (_, bytes) => {
    const url = await create(app.endpoint, { 'upload-length': '5' });
    await patch(url, 0, bytes);
    expect(await isStored(url)).toBe(bytes !== '');
    const answer = await remove(url);
    expect(answer.status).toBe(204);
    expect(answer.body).toHaveLength(0);
    expect(answer.headers).not.toHaveProperty('content-length');
    await freed();
    expect(await isStored(url)).toBe(false);
  });

  it('TER-01 on a partial frees it too', async () => {
    const url = await partial(app, 'hello');
    expect((await remove(url)).status).toBe(204);
    await freed();
    expect(await isStored(url)).toBe(false);
  });

  it('TER-01 may have a body or its length (trap 33)', async () => {
    for (const body of ['', 'x'.repeat(1000)]) {
      const url = await create(app.endpoint, { 'upload-length': '5' });
      expect((await call({ method: 'DELETE', url, headers: tus(BYTES), body })).status).toBe(204);
    }
  });

  it('TER-02 TER-03 afterwards every method is 404, and OPTIONS still tells what the server can', async () => {
    const url = await create(app.endpoint, { 'upload-length': '5' });
    await remove(url);
    const answers = [await head(url), await patch(url, 0, 'hello'), await remove(url)];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
    for (const { headers } of answers) expect(headers).not.toHaveProperty('upload-offset');
    expect((await options(url)).status).toBe(204);
  });

  it('TER-03 on an upload that never was is 404', async () => {
    for (const id of ['none', '%zz', '..%2f..'])
      expect((await remove(`${app.endpoint}/${id}`)).status).toBe(404);
  });

  it('TER-03 of two at once one is 204, the other 404', async () => {
    const url = await create(app.endpoint, { 'upload-length': '5' });
    const statuses = (await Promise.all([remove(url), remove(url)])).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([204, 404]);
  });

  it('TER-04 during a PATCH ends it, and none of its bytes is seen afterwards', async () => {
    const url = await create(app.endpoint, { 'upload-length': '10' });
    const running = OpenPatch.begin(url, { offset: 0, contentLength: 10 });
    await running.send('hello');
    await server.storage.has(idOf(url), 5);
    expect((await remove(url)).status).toBe(204);
    expect(await running.outcome()).toEqual({ status: 404, offset: undefined });
    expect((await head(url)).status).toBe(404);
    await freed();
    expect(await isStored(url)).toBe(false);
  });

  it('TER-05 that the application vetoes leaves the upload as it was', async () => {
    const url = await create(app.endpoint, { 'upload-length': '5' });
    await patch(url, 0, 'he');
    expect((await remove(url, { 'x-veto': 'yes' })).status).toBe(403);
    expect(await head(url)).toMatchObject({ status: 200, headers: { 'upload-offset': '2' } });
    expect((await patch(url, 2, 'llo')).status).toBe(204);
  });

  it('TER-06 is 204 although the storage fails, and freeing is tried again until it succeeds', async () => {
    const url = await create(app.endpoint, { 'upload-length': '5' });
    await patch(url, 0, 'hello');
    server.storage.removeFault = new StorageError('unavailable', 'not now');
    expect((await remove(url)).status).toBe(204);
    expect((await head(url)).status).toBe(404);
    await freed();
    expect(await isStored(url)).toBe(true);
    await app.get(Maintenance).run();
    expect(await isStored(url)).toBe(false);
    expect(await record(app, url)).toBeUndefined();
  });
});
