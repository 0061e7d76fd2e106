import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UploadService } from '../../src/index.js';
import { OpenPatch } from '../support/open-patch.js';
import { create, head, patch } from '../support/raw-http.js';
import { ServerProcess } from '../support/server-process.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';

const BYTES = randomBytes(2_000_000);
const HALF = BYTES.length / 2;

/** Cut off, asked to come again, or (Fastify, while it closes) told that nobody serves any more. */
const CUT = [0, 423, 503];

const idOf = (url: string) => url.split('/').at(-1) ?? '';

/** Resolves when the server has so much on record. */
async function reaches(url: string, offset: number): Promise<void> {
  while (Number((await head(url)).headers['upload-offset']) < offset);
}

/** Sends the rest from where the server says, and compares what is stored. */
async function finish(url: string, directory: string): Promise<void> {
  const offset = Number((await head(url)).headers['upload-offset']);
  expect((await patch(url, offset, BYTES.subarray(offset))).status).toBe(204);
  expect((await readFile(join(directory, idOf(url)))).equals(BYTES)).toBe(true);
  expect(await readdir(join(directory, '.tus', 'work'))).toEqual([]);
}

describe('the end of an application (promise 9)', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nestjs-tus-shutdown-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  describe.each(PLATFORMS)('on platform-%s', (platform) => {
    it('cuts a running PATCH at a durable offset, and the next application goes on there', async () => {
      const first = await TusApp.start({ platform, directory });
      const url = await create(first.endpoint, { 'upload-length': String(BYTES.length) });
      const running = OpenPatch.begin(url, { offset: 0, contentLength: BYTES.length });
      await running.send(BYTES.subarray(0, HALF));
      await reaches(url, HALF);
      await first.stop();
      expect(CUT).toContain((await running.outcome()).status);

      const second = await TusApp.start({ platform, directory });
      const again = `${second.endpoint}/${idOf(url)}`;
      expect((await head(again)).headers['upload-offset']).toBe(String(HALF));
      await finish(again, directory);
      await second.stop();
    });

    it('keeps what a PATCH had sent although no beat has recorded it yet', async () => {
      const first = await TusApp.start({ platform, directory });
      const url = await create(first.endpoint, { 'upload-length': String(BYTES.length) });
      const running = OpenPatch.begin(url, { offset: 0 });
      const sent = running.send(BYTES.subarray(0, HALF));
      await sent;
      await first.stop();
      await running.outcome();
      const second = await TusApp.start({ platform, directory });
      const uploads = second.get(UploadService);
      expect(await uploads.get(idOf(url))).toMatchObject({ state: 'open' });
      await finish(`${second.endpoint}/${idOf(url)}`, directory);
      await second.stop();
    });

    it('lets many uploads go on in the next application', async () => {
      const first = await TusApp.start({ platform, directory });
      const urls = await Promise.all(
        Array.from({ length: 10 }, () => create(first.endpoint, { 'upload-length': String(BYTES.length) })),
      );
      const running = urls.map((url) => OpenPatch.begin(url, { offset: 0, contentLength: BYTES.length }));
      await Promise.all(running.map((one) => one.send(BYTES.subarray(0, HALF))));
      await first.stop();
      for (const one of running) expect(CUT).toContain((await one.outcome()).status);
      const second = await TusApp.start({ platform, directory });
      for (const url of urls) {
        const again = `${second.endpoint}/${idOf(url)}`;
        const offset = Number((await head(again)).headers['upload-offset']);
        expect((await patch(again, offset, BYTES.subarray(offset))).status).toBe(204);
        expect((await readFile(join(directory, idOf(url)))).equals(BYTES)).toBe(true);
      }
      await second.stop();
      expect(await readdir(join(directory, '.tus', 'work'))).toEqual([]);
    });

    it('ends at once where nothing runs, also with a connection that is kept open', async () => {
      const app = await TusApp.start({ platform, directory });
      const kept = OpenPatch.begin(`${app.endpoint}/none`, { offset: 0, contentLength: 0 });
      kept.end();
      expect((await kept.outcome()).status).toBe(404);
      await app.stop();
      await expect(head(app.endpoint)).rejects.toThrow('ECONNREFUSED');
    });
  });

  it('by SIGTERM cuts a running PATCH at a durable offset, with nothing lost', async () => {
    const first = await ServerProcess.start({ directory });
    const url = await create(first.endpoint, { 'upload-length': String(BYTES.length) });
    const running = OpenPatch.begin(url, { offset: 0, contentLength: BYTES.length });
    await running.send(BYTES.subarray(0, HALF));
    await reaches(url, HALF);
    await first.stop();
    expect(CUT).toContain((await running.outcome()).status);
    const second = await ServerProcess.start({ directory });
    await finish(`${second.endpoint}/${idOf(url)}`, directory);
    await second.stop();
    expect(second.stderr).toEqual([]);
  });
});
