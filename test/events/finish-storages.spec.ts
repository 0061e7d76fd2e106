import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { UnprocessableEntityException } from '@nestjs/common';
import { UploadService } from '../../src/index.js';
import type { OnUploadFinish } from '../../src/index.js';
import { Background } from '../../src/uploads/background.js';
import { concatenate, content, idOf, made, partial, post } from '../protocol-http/support.js';
import { create, head, patch } from '../support/raw-http.js';
import { overStorages } from '../support/storages/over-storages.js';
import type { TestPlace } from '../support/storages/test-place.js';
import { TusApp } from '../support/tus-app.js';

overStorages('events', 'OnUploadFinish', (on) => {
  let place: TestPlace;
  let app: TusApp;
  let seen: string[];
  let ranges: { start: number; end: number }[];
  let decide: () => void;

  beforeAll(async () => {
    place = await on.place();
    const hook: OnUploadFinish = {
      onUploadFinish: async (_, { read }) => {
        const wanted = ranges.length > 0 ? ranges : [undefined, { start: 1, end: 2 }];
        for (const range of wanted) seen.push(await text(await read(range)));
        decide();
      },
    };
    const providers = [{ provide: 'hook', useValue: hook }];
    app = await TusApp.start({ platform: on.platform, place, providers });
  });
  afterAll(async () => {
    await app.stop();
    await place.close();
  });
  beforeEach(() => {
    seen = [];
    ranges = [];
    decide = () => undefined;
  });

  const refuse = () => {
    throw new UnprocessableEntityException();
  };

  /** What is stored of an upload, once nothing is going on any more. */
  async function stored(url: string): Promise<string[]> {
    await app.get(Background).idle();
    const names = [...(await place.objects()), ...(await place.leftovers())];
    return names.filter((name) => name.includes(idOf(url)));
  }

  it('reads what has come in several requests, before it is complete', async () => {
    const url = await create(app.endpoint, { 'upload-length': '5' });
    await patch(url, 0, 'he');
    expect((await patch(url, 2, 'llo')).status).toBe(204);
    expect(seen).toEqual(['hello', 'el']);
  });

  it('reads what there is of a range, which may be nothing, as of an empty upload', async () => {
    ranges.push({ start: 0, end: 4095 }, { start: 5, end: 9 }, { start: 257, end: 261 });
    const deferred = await create(app.endpoint, { 'upload-defer-length': '1' });
    const answers = [
      await post(app, { 'upload-length': '5' }, 'hello'),
      await post(app, { 'upload-length': '0' }),
      await patch(deferred, 0, '', { 'upload-length': '0' }),
      await concatenate(app, [await partial(app, ''), await partial(app, '')]),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 204, 201]);
    const nothing = ['', '', ''];
    expect(seen).toEqual([...['hello', '', ''], ...nothing, ...nothing, ...nothing]);
    const { location } = answers[0]!.headers;
    const read = app.get(UploadService).read(idOf(String(location)), { start: 3, end: 99 });
    expect(await text(await read)).toBe('lo');
  });

  it('that refuses has the object removed', async () => {
    decide = refuse;
    const url = await create(app.endpoint, { 'upload-length': '5' });
    await patch(url, 0, 'he');
    expect((await patch(url, 2, 'llo')).status).toBe(422);
    expect((await head(url)).status).toBe(410);
    expect(await stored(url)).toEqual([]);
    const before = await place.objects();
    expect((await post(app, { 'upload-length': '5' }, 'hello')).status).toBe(422);
    await app.get(Background).idle();
    expect(await place.objects()).toEqual(before);
  });

  it('that refuses a final has its object removed, and the partials can be merged again', async () => {
    const list = [await partial(app, 'he'), await partial(app, 'llo')];
    const before = await place.objects();
    decide = refuse;
    expect((await concatenate(app, list)).status).toBe(422);
    await app.get(Background).idle();
    expect(await place.objects()).toEqual(before);
    decide = () => undefined;
    const final = made(app, await concatenate(app, list));
    expect(await content(app, final)).toBe('hello');
    expect(seen).toEqual(['hello', 'el', 'hello', 'el']);
  });

  it('that failed at first has the same object completed', async () => {
    decide = () => {
      throw new Error('away');
    };
    const url = await create(app.endpoint, { 'upload-length': '5' });
    await patch(url, 0, 'he');
    expect((await patch(url, 2, 'llo')).status).toBe(500);
    decide = () => undefined;
    expect((await patch(url, 2, 'llo')).status).toBe(409);
    expect(await content(app, url)).toBe('hello');
    expect(seen).toEqual(['hello', 'el', 'hello', 'el']);
  });
});
