import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Post } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import express from 'express';
import { UploadService } from '../../src/index.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import type { Platform, TusAppOptions } from '../support/tus-app.js';

type Parsers = Pick<TusAppOptions, 'configure' | 'nest'>;

const readAll = (_request: unknown, body: Buffer, done: (error: null, body: Buffer) => void) =>
  done(null, body);

/** Ways in which applications have bodies parsed, each with limits that no upload would pass. */
const PARSERS: Record<Platform, Record<string, Parsers>> = {
  express: {
    'the parsers of Nest': {},
    'no parser at all': { nest: { bodyParser: false } },
    'app.use(json()) and app.use(urlencoded())': {
      configure: (app) =>
        void app.use(express.json({ limit: 10 }), express.urlencoded({ extended: true, limit: 10 })),
    },
    "app.use(raw({ type: '*/*' }))": {
      configure: (app) => void app.use(express.raw({ type: '*/*', limit: 10 })),
    },
    "useBodyParser('raw', { type: '*/*' })": {
      configure: (app) =>
        void (app as NestExpressApplication).useBodyParser('raw', { type: '*/*', limit: 10 }),
    },
    'raw bodies kept beside the parsed ones': { nest: { rawBody: true } },
  },
  fastify: {
    'the parsers of Nest': {},
    'no parser at all': { nest: { bodyParser: false } },
    'a catch-all content type parser': {
      configure: (app) =>
        void app
          .getHttpAdapter()
          .getInstance()
          .addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: 10 }, readAll),
    },
    "useBodyParser('application/offset+octet-stream')": {
      configure: (app) =>
        void (app as NestFastifyApplication).useBodyParser(
          'application/offset+octet-stream',
          { bodyLimit: 10 },
          readAll,
        ),
    },
    'raw bodies kept beside the parsed ones': { nest: { rawBody: true } },
  },
};

const CASES = PLATFORMS.flatMap((platform) =>
  Object.entries(PARSERS[platform]).map(([name, parsers]) => [platform, name, parsers] as const),
);

describe('uploads beside body parsers (trap 7)', () => {
  let app: TusApp | undefined;

  afterEach(async () => {
    await app?.stop();
    app = undefined;
  });

  it.each(CASES)('work on platform-%s with %s', async (platform, _, parsers) => {
    app = await TusApp.start({ platform, ...parsers });
    const bytes = Buffer.alloc(300_000, 'x');
    const url = await create(app.endpoint, { 'upload-length': '600000' });
    expect((await patch(url, 0, bytes)).headers['upload-offset']).toBe('300000');
    const chunked = await call({
      method: 'PATCH',
      url,
      headers: tus({ 'content-type': 'application/offset+octet-stream', 'upload-offset': '300000' }),
      body: bytes,
      chunked: true,
    });
    expect(chunked).toMatchObject({ status: 204, headers: { 'upload-offset': '600000' } });
    for (const type of ['application/offset+octet-stream', 'application/json', 'text/plain']) {
      const answer = await call({
        method: 'POST',
        url: app.endpoint,
        headers: tus({ 'content-type': type, 'upload-length': '300000' }),
        body: bytes,
      });
      const stored = type.startsWith('application/offset') ? '300000' : '0';
      expect(answer).toMatchObject({ status: 201, headers: { 'upload-offset': stored } });
    }
  });

  it.each(CASES.filter(([, , { nest }]) => nest?.bodyParser !== false))(
    'leave the parsing of other routes alone on platform-%s with %s',
    async (platform, _, parsers) => {
      @Controller('other')
      class Other {
        @Post()
        echo(@Body() body: unknown): unknown {
          return Buffer.isBuffer(body) ? JSON.parse(body.toString()) : body;
        }
      }
      app = await TusApp.start({
        platform,
        ...parsers,
        imports: [{ module: class OtherModule {}, controllers: [Other] }],
      });
      const answer = await call({
        method: 'POST',
        url: `${app.origin}/other`,
        headers: { 'content-type': 'application/json' },
        body: '{"a":1}',
      });
      expect(answer.status).toBe(201);
      expect(JSON.parse(answer.body.toString())).toEqual({ a: 1 });
    },
  );

  const readFirst = (nest: INestApplication): void => {
    nest.use((request: NodeJS.ReadableStream, _response: unknown, next: () => void) => {
      request.once('end', next).resume();
    });
  };

  const cases: [Platform, string, (nest: INestApplication) => void][] = [
    ['express', 'a middleware that reads all', readFirst],
    ['fastify', 'a middleware that reads all', readFirst],
    ['express', 'a parser that asks for no type', (nest) => void nest.use(express.raw({ type: () => true }))],
  ];
  it.each(cases)(
    'on platform-%s, behind %s, are answered 500 with the remedy, and store nothing',
    async (platform, _, configure) => {
      app = await TusApp.start({ platform, configure });
      const url = await create(app.endpoint, { 'upload-length': '5' });
      const answers = [
        await patch(url, 0, 'hello'),
        await call({
          method: 'POST',
          url: app.endpoint,
          headers: tus({ 'content-type': 'application/offset+octet-stream', 'upload-length': '5' }),
          body: 'hello',
        }),
      ];
      for (const answer of answers) {
        expect(answer.status).toBe(500);
        expect(JSON.parse(answer.body.toString())).toMatchObject({
          code: 'BODY_CONSUMED',
          message: expect.stringContaining('exclude application/offset+octet-stream'),
        });
        expect(answer.headers).not.toHaveProperty('location');
      }
      expect((await head(url)).headers['upload-offset']).toBe('0');
      expect(await app.get(UploadService).list()).toHaveLength(1);
      expect(await readdir(join(app.directory, '.tus', 'work'))).toEqual([]);
    },
  );
});
