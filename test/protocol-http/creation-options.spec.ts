import { readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { HttpException } from '@nestjs/common';
import { UploadError, UploadService } from '../../src/index.js';
import type { TusModuleOptions, UploadDraft } from '../../src/index.js';
import { head, patch } from '../support/raw-http.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import type { Platform } from '../support/tus-app.js';
import { concatenate, content, count, idOf, made, options, partial, post } from './support.js';

let app: TusApp | undefined;
afterEach(async () => {
  await app?.stop();
  app = undefined;
});

const logged: string[] = [];

async function start(platform: Platform, tus: Partial<TusModuleOptions>): Promise<TusApp> {
  logged.length = 0;
  const note = (error: unknown) => void logged.push(String(error));
  const logger = { log: () => {}, warn: () => {}, error: note, fatal: note };
  app = await TusApp.start({ platform, tus, nest: { logger } });
  return app;
}

function named(name: string): Record<string, string> {
  return { 'upload-metadata': `filename ${Buffer.from(name).toString('base64')}` };
}

/** Everything in the folder but what belongs to the storage, and what lies beside the folder with such a name. */
async function objects({ directory }: TusApp): Promise<string[]> {
  const inside = await readdir(directory, { recursive: true });
  const beside = (await readdir(dirname(directory))).filter((name) => name.startsWith('escaped'));
  return [...inside.filter((name) => !name.startsWith('.tus')), ...beside].toSorted();
}

const ONE = { 'upload-length': '1' };

describe.each(PLATFORMS)('the ids of uploads on %s', (platform) => {
  it('CORE-28 are what idGenerator returns, for single uploads, partials and finals', async () => {
    let next = 0;
    const idGenerator = async () => `upload_${(next += 1)}-x`;
    const running = await start(platform, { idGenerator });
    const urls = [await partial(running, 'a'), await partial(running, 'b')];
    expect(urls.map(idOf)).toEqual(['upload_1-x', 'upload_2-x']);
    const final = made(running, await concatenate(running, urls));
    expect(idOf(final)).toBe('upload_3-x');
    expect(await content(running, final)).toBe('ab');
    const single = made(running, await post(running, ONE, 'c'));
    expect(await content(running, single)).toBe('c');
  });

  it('CORE-28 may depend on the request, which a call of the service has none of', async () => {
    const idGenerator: TusModuleOptions['idGenerator'] = (context) => context?.header('X-Id') ?? 'by-service';
    const running = await start(platform, { idGenerator });
    expect(idOf(made(running, await post(running, { ...ONE, 'x-id': 'mine' })))).toBe('mine');
    expect((await running.get(UploadService).create({ length: 1 })).id).toBe('by-service');
  });

  it.each([['../etc'], ['a/b'], [''], ['x'.repeat(129)], ['ä'], [7], [undefined], [{ secret: 'hunter2' }]])(
    'CORE-28 %p is none: 500, a sentence in the log, and nothing is there',
    async (id) => {
      const running = await start(platform, { idGenerator: () => id as string });
      const answer = await post(running, ONE, 'a');
      expect(answer.status).toBe(500);
      expect(answer.headers.location).toBeUndefined();
      expect(answer.body.toString()).not.toContain('idGenerator');
      expect(logged.join()).toContain('TusModule: option "idGenerator" returned');
      expect(logged.join()).not.toContain('hunter2');
      expect([await count(running), await objects(running)]).toEqual([0, []]);
    },
  );

  it('CORE-28 that come twice are 500, and the upload that has it stays as it was', async () => {
    const running = await start(platform, { idGenerator: (context) => context?.header('X-Id') ?? 'same' });
    const url = made(running, await post(running, { 'upload-length': '3' }, 'a'));
    const again = [
      await post(running, ONE),
      await post(running, ONE, 'z'),
      await post(running, { 'upload-length': '0' }),
      await post(running, { ...ONE, 'upload-concat': 'partial' }, 'z'),
    ];
    const one = made(running, await post(running, { ...ONE, 'upload-concat': 'partial', 'x-id': 'p' }, 'z'));
    again.push(await concatenate(running, [one]));
    expect(again.map(({ status }) => status)).toEqual([500, 500, 500, 500, 500]);
    expect(
      logged.filter((line) => line.includes('returned "same"; an upload has or had this id')),
    ).toHaveLength(5);
    expect((await head(url)).headers).toMatchObject({ 'upload-offset': '1', 'upload-length': '3' });
    expect((await patch(url, 1, 'bc')).status).toBe(204);
    expect(await content(running, url)).toBe('abc');
    expect((await head(one)).headers['upload-offset']).toBe('1');
  });

  it('CON-30 of a final that is asked for again may come again: it is the same final', async () => {
    const running = await start(platform, { idGenerator: (context) => context?.header('X-Id') ?? 'final' });
    const one = made(running, await post(running, { ...ONE, 'upload-concat': 'partial', 'x-id': 'p' }, 'z'));
    const answers = await Promise.all(Array.from({ length: 5 }, () => concatenate(running, [one])));
    expect(answers.map(({ status, headers }) => `${status} ${headers.location}`)).toEqual(
      Array.from({ length: 5 }, () => '201 /files/final'),
    );
    expect(await content(running, `${running.endpoint}/final`)).toBe('z');
  });
});

describe.each(PLATFORMS)('the keys of uploads on %s', (platform) => {
  it('CRE-12 are what key returns for single uploads and finals, and partials have none', async () => {
    const asked: Omit<UploadDraft, 'metadata' | 'id'>[] = [];
    const key: TusModuleOptions['key'] = ({ metadata, kind, length, owner }, context) => {
      asked.push({ kind, length, owner });
      return `${context?.header('X-Tenant')}/${metadata.get('filename')}`;
    };
    const running = await start(platform, { key });
    const tenant = { 'x-tenant': 'acme' };
    made(running, await post(running, { 'upload-length': '5', ...tenant, ...named('a.txt') }, 'hello'));
    const url = made(
      running,
      await post(running, { 'upload-defer-length': '1', ...tenant, ...named('b.txt') }),
    );
    await patch(url, 0, 'b', { 'upload-length': '1' });
    const parts = [await partial(running, 'c'), await partial(running, 'd')];
    await concatenate(running, parts, { ...tenant, ...named('c.txt') });
    expect(asked).toEqual([
      { kind: 'single', length: 5, owner: null },
      { kind: 'single', length: null, owner: null },
      { kind: 'final', length: null, owner: null },
    ]);
    expect(await objects(running)).toEqual(['acme', 'acme/a.txt', 'acme/b.txt', 'acme/c.txt']);
  });

  it.each([
    ['../escaped'],
    ['../../escaped'],
    ['a/../../escaped'],
    ['/etc/escaped'],
    ['..\\escaped'],
    ['escaped\0.txt'],
    ['escaped\r\nSet-Cookie: x'],
    ['.tus/uploads.sqlite'],
    ['.TUS/work/x'],
    ['.'],
    [''],
    ['a//b'],
    ['x'.repeat(256)],
    [Array.from({ length: 20 }, () => 'x'.repeat(60)).join('/')],
  ])('CRE-12 made of the name %p are refused with 400, and nothing is stored anywhere', async (name) => {
    const running = await start(platform, { key: ({ metadata }) => metadata.get('filename') ?? 'none' });
    const parts = [await partial(running, 'a')];
    const answers = [
      await post(running, { ...ONE, ...named(name) }, 'x'),
      await post(running, { 'upload-length': '0', ...named(name) }),
      await post(running, { 'upload-defer-length': '1', ...named(name) }),
      await concatenate(running, parts, named(name)),
    ];
    for (const { status, headers, body } of answers) {
      expect(status).toBe(400);
      expect(headers.location).toBeUndefined();
      expect(headers['set-cookie']).toBeUndefined();
      expect(JSON.parse(body.toString())).toMatchObject({ code: 'INVALID_KEY' });
      expect(body.toString()).not.toContain('escaped');
    }
    expect([await count(running), await objects(running)]).toEqual([1, []]);
    // The partial is not held by a final that never was.
    expect((await head(String(parts[0]))).status).toBe(200);
  });

  it('CRE-07 that a living upload has are 409 at the creation, and nothing of it is replaced', async () => {
    const running = await start(platform, { key: () => 'same.txt' });
    const url = made(running, await post(running, { 'upload-length': '2' }, 'a'));
    const part = await partial(running, 'z');
    expect((await post(running, ONE, 'z')).status).toBe(409);
    expect((await concatenate(running, [part])).status).toBe(409);
    await patch(url, 1, 'b');
    expect((await post(running, { 'upload-length': '0' })).status).toBe(409);
    expect(await content(running, url)).toBe('ab');
    expect(await count(running)).toBe(2);
    expect(await objects(running)).toEqual(['same.txt']);
  });

  it('under which there is a foreign object are 409 at the completion, and the object stays', async () => {
    const running = await start(platform, { key: () => 'foreign.txt' });
    await writeFile(join(running.directory, 'foreign.txt'), 'not ours');
    const url = made(running, await post(running, ONE));
    expect((await patch(url, 0, 'z')).status).toBe(409);
    expect((await head(url)).status).toBe(410);
    expect(await objects(running)).toEqual(['foreign.txt']);
  });

  it('that are no text are 500, with a sentence in the log', async () => {
    const running = await start(platform, { key: () => undefined as unknown as string });
    expect((await post(running, ONE, 'a')).status).toBe(500);
    expect(logged.join()).toContain('TusModule: option "key" returned undefined; return the key as a text.');
    expect(await count(running)).toBe(0);
  });
});

describe.each(PLATFORMS)('metadata that the application does not take, on %s,', (platform) => {
  class Unwanted extends UploadError {
    readonly status = 422;
    readonly code = 'UNWANTED';
  }

  it('CRE-07 are 400 with its text for single uploads and finals, and nothing is created', async () => {
    const text = 'Send "filename"\r\nSet-Cookie: <b>ünï</b>';
    const validateMetadata: TusModuleOptions['validateMetadata'] = async (metadata) =>
      metadata.has('filename') ? undefined : text;
    const running = await start(platform, { validateMetadata });
    const part = await partial(running, 'a');
    for (const answer of [
      await post(running, ONE, 'a'),
      await post(running, { 'upload-length': '0' }),
      await concatenate(running, [part]),
    ]) {
      expect(answer.status).toBe(400);
      expect(answer.headers.location).toBeUndefined();
      expect(answer.headers['set-cookie']).toBeUndefined();
      expect(answer.headers['content-type']).toContain('application/json');
      expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'METADATA_REFUSED', message: text });
    }
    expect([await count(running), await objects(running)]).toEqual([1, []]);
    expect((await post(running, { ...ONE, ...named('a') }, 'a')).status).toBe(201);
    expect((await concatenate(running, [part], named('a'))).status).toBe(201);
  });

  it.each<[number, () => unknown]>([
    [415, () => Promise.reject(new HttpException('No videos here.', 415))],
    [
      422,
      () => {
        throw new Unwanted('Not today.');
      },
    ],
    [500, () => false],
    [500, () => null],
    [500, () => Promise.reject(new Error('a bug'))],
  ])(
    'CRE-07 are %i by what the hook throws or wrongly returns, and nothing is created',
    async (status, hook) => {
      const running = await start(platform, { validateMetadata: hook as () => undefined });
      const answer = await post(running, ONE, 'a');
      expect(answer.status).toBe(status);
      expect(answer.headers.location).toBeUndefined();
      expect(await count(running)).toBe(0);
    },
  );

  it('a text of nothing but spaces refuses too, with a sentence', async () => {
    const running = await start(platform, { validateMetadata: () => ' ' });
    const answer = await post(running, ONE);
    expect(answer.status).toBe(400);
    expect(answer.body.toString()).toContain('not accepted');
  });
});

describe.each(PLATFORMS)('a maxSize by request on %s', (platform) => {
  const maxSize: TusModuleOptions['maxSize'] = async (context) => {
    const limit = context.header('X-Limit');
    return limit === undefined ? undefined : Number(limit);
  };
  const five = { 'x-limit': '5' };

  it('CRE-08 OPT-04 holds for declared lengths, and OPTIONS tells what it is for that request', async () => {
    const running = await start(platform, { maxSize });
    expect((await post(running, { 'upload-length': '6', ...five })).status).toBe(413);
    expect((await post(running, { 'upload-length': '6', 'x-limit': '6' })).status).toBe(201);
    expect((await post(running, { 'upload-length': '6' })).status).toBe(201);
    expect((await options(running.endpoint)).headers['tus-max-size']).toBeUndefined();
    expect((await options(running.endpoint, five)).headers['tus-max-size']).toBe('5');
    expect(await count(running)).toBe(2);
  });

  it('CRE-08 CRE-16 holds for deferred lengths, when they are said and while bytes come', async () => {
    const running = await start(platform, { maxSize });
    const url = made(running, await post(running, { 'upload-defer-length': '1', ...five }, '123'));
    expect((await patch(url, 3, '', { 'upload-length': '6', ...five })).status).toBe(413);
    expect((await patch(url, 3, '456', five)).status).toBe(413);
    expect((await head(url)).headers).toMatchObject({ 'upload-offset': '3', 'upload-defer-length': '1' });
    expect((await post(running, { 'upload-defer-length': '1', ...five }, '123456')).status).toBe(413);
    expect((await post(running, { 'upload-defer-length': '1', ...five }, '123456', true)).status).toBe(413);
    expect((await patch(url, 3, '4', { 'upload-length': '6', 'x-limit': '6' })).status).toBe(204);
    // The length was accepted: a smaller limit of a later request does not take it back.
    expect((await patch(url, 4, '56', five)).status).toBe(204);
    expect(await content(running, url)).toBe('123456');
    expect(await count(running)).toBe(1);
  });

  it('CON-11 CRE-08 holds for finals, and for what a waiting final would become', async () => {
    const running = await start(platform, { maxSize });
    const [one, two] = [await partial(running, '123'), await partial(running, '456')];
    expect((await concatenate(running, [one, two], five)).status).toBe(413);
    expect(await count(running)).toBe(2);
    const open = made(
      running,
      await post(running, { 'upload-concat': 'partial', 'upload-defer-length': '1' }),
    );
    expect((await concatenate(running, [one, open], five)).status).toBe(201);
    expect((await patch(open, 0, 'abc', { 'upload-length': '3', ...five })).status).toBe(413);
    expect((await head(open)).headers['upload-defer-length']).toBe('1');
    expect((await patch(open, 0, 'ab', { 'upload-length': '2', ...five })).status).toBe(204);
    expect((await concatenate(running, [one, two], { 'x-limit': '6' })).status).toBe(201);
  });

  it.each([['1GB'], [-1], [1.5], [Number.NaN], [null]])(
    'that is %p is 500 with a sentence in the log, and nothing is created',
    async (limit) => {
      const running = await start(platform, { maxSize: () => limit as number });
      expect((await post(running, ONE, 'a')).status).toBe(500);
      expect(logged.join()).toContain('TusModule: option "maxSize" returned');
      expect(await count(running)).toBe(0);
    },
  );

  it('is not asked for calls of the service, which name a limit themselves', async () => {
    const running = await start(platform, { maxSize: () => 1 });
    const uploads = running.get(UploadService);
    expect((await uploads.create({ length: 5 })).length).toBe(5);
    await expect(uploads.create({ length: 5, maxSize: 4 })).rejects.toMatchObject({ status: 413 });
  });
});
