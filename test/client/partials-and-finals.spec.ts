import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { TusModuleOptions } from '../../src/index.js';
import { idOf, sql } from '../protocol-http/support.js';
import { MergePendingError, TusClient, TusResponseError } from '../../src/client/index.js';
import { create } from '../support/raw-http.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import { ClientFolder, failure, MIB } from './client-folder.js';
import { TusPeer } from './tus-peer.js';

describe.each(PLATFORMS)('partial and final uploads by hand, on %s', (platform) => {
  let folder: ClientFolder;
  let app: TusApp;
  let client: TusClient;

  beforeEach(async () => {
    folder = await ClientFolder.make();
    app = await TusApp.start({ platform });
    client = new TusClient({ endpoint: app.endpoint, retryDelays: [] });
  });
  afterEach(async () => {
    await app.stop();
    await folder.remove();
  });

  it('are merged in the order of the list, by another client, with the metadata of the final', async () => {
    const first = await folder.file(2 * MIB + 1, 'a', 1);
    const second = await folder.file(MIB, 'b', 2);
    const urls = await Promise.all([
      client.createPartialUpload(createReadStream(second.path), { chunkSize: 300_000 }),
      client.createPartialUpload(first.path),
    ]);
    const other = new TusClient({ endpoint: app.endpoint });
    const final = await other.createFinalUpload(urls.toReversed(), {
      metadata: { filename: 'Ä.bin', empty: '' },
    });
    expect(final).toMatchObject({ size: 3 * MIB + 1, offset: 3 * MIB + 1, answer: { status: 201 } });
    expect((await stored(final.url)).equals(Buffer.concat([first.bytes, second.bytes]))).toBe(true);
    const info = await other.info(final.url);
    expect(info).toMatchObject({ kind: 'final', complete: true, length: 3 * MIB + 1 });
    expect(info.partialUrls).toEqual(urls.toReversed());
    expect({ ...info.metadata.toObject() }).toEqual({ filename: 'Ä.bin', empty: '' });
  });

  it.each([undefined, 2_000_000])('takes a stream that is told to have %p bytes', async (size) => {
    const { path, bytes } = await folder.file(2_000_000);
    // As many chunks as fill the stream exactly.
    const options = { chunkSize: 500_000, ...(size && { size }) };
    const url = await client.createPartialUpload(createReadStream(path), options);
    expect(await client.info(url)).toMatchObject({ kind: 'partial', complete: true, length: 2_000_000 });
    const final = await client.createFinalUpload([url]);
    expect((await stored(final.url)).equals(bytes)).toBe(true);
  });

  it('may be of an empty file, and of an empty stream', async () => {
    const { path } = await folder.file(0);
    const urls = [
      await client.createPartialUpload(path),
      await client.createPartialUpload(Readable.from([])),
    ];
    expect(await client.createFinalUpload(urls)).toMatchObject({ size: 0, offset: 0 });
  });

  it('that are missing or no partials are refused with status, code and text of the server', async () => {
    const { path } = await folder.file(10);
    const { url } = await client.uploadFile(path);
    for (const wrong of [url, `${app.endpoint}/none`, 'http://elsewhere.example/files/x']) {
      const error = await failure(client.createFinalUpload([await client.createPartialUpload(path), wrong]));
      expect(error).toBeInstanceOf(TusResponseError);
      expect(error).toMatchObject({
        status: 400,
        code: 'INVALID_PARTIAL',
        method: 'POST',
        url: app.endpoint,
      });
      expect(JSON.parse((error as TusResponseError).body)).toMatchObject({ statusCode: 400 });
      expect(error.message).toContain('The server answered 400: ');
    }
  });

  it('that are expired, or belong to somebody else, are refused with status, code and text too', async () => {
    await app.stop();
    const owner: TusModuleOptions['owner'] = ({ header }) => header('x-user') ?? null;
    app = await TusApp.start({ platform, tus: { owner } });
    client = new TusClient({ endpoint: app.endpoint, retryDelays: [], headers: { 'x-user': 'ann' } });
    const { path } = await folder.file(10);
    const own = await client.createPartialUpload(path);
    const foreign = await client.createPartialUpload(path, { headers: { 'x-user': 'bob' } });
    const expired = await client.createPartialUpload(path);
    await sql(app, 'UPDATE tus_upload SET expires_at = ? WHERE id = ?', [Date.now() - 1000, idOf(expired)]);
    for (const wrong of [foreign, expired]) {
      const error = await failure(client.createFinalUpload([own, wrong]));
      expect(error).toBeInstanceOf(TusResponseError);
      expect(error).toMatchObject({ status: 400, code: 'INVALID_PARTIAL', method: 'POST' });
      expect(error.message).toMatch(/^The server answered 400: .*\b2\b/);
    }
    expect(await client.createFinalUpload([own])).toMatchObject({ size: 10 });
  });

  it('that are unfinished are waited for, no longer than mergeTimeout (CLI-08)', async () => {
    const { path } = await folder.file(10);
    const headers = { 'upload-concat': 'partial', 'upload-length': '3' };
    const unfinished = await create(app.endpoint, headers);
    const urls = [await client.createPartialUpload(path), unfinished];
    const error = await failure(client.createFinalUpload(urls, { mergeTimeout: 0 }));
    expect(error).toBeInstanceOf(MergePendingError);
    const { url } = error as MergePendingError;
    expect(await client.info(url)).toMatchObject({ kind: 'final', offset: null, complete: false });
  });

  async function stored(url: string): Promise<Buffer> {
    return readFile(join(app.directory, url.split('/').at(-1)!));
  }
});

describe('a server that merges only what is finished', () => {
  it('refuses unfinished partials with an error that has its code', async () => {
    const app = await TusApp.start({ tus: { extensions: ['creation', 'concatenation'] } });
    try {
      const client = new TusClient({ endpoint: app.endpoint, retryDelays: [] });
      const headers = { 'upload-concat': 'partial', 'upload-length': '3' };
      const unfinished = await create(app.endpoint, headers);
      const error = await failure(client.createFinalUpload([unfinished]));
      expect(error).toMatchObject({ status: 400, code: 'INVALID_PARTIAL' });
    } finally {
      await app.stop();
    }
  });
});

describe('a final that the server merges behind its answer', () => {
  let peer: TusPeer;
  let client: TusClient;

  beforeEach(async () => {
    peer = await new TusPeer().start();
    client = new TusClient({ endpoint: peer.endpoint, retryDelays: [] });
  });
  afterEach(() => peer.stop());

  it('is asked for until its offset is there, over answers that pass (CLI-08)', async () => {
    const urls = [await client.createPartialUpload(Readable.from(['abc']), { size: 3 })];
    const looks = [503, 200, 0];
    peer.fault = ({ method, headers }, response) => {
      if (String(headers['upload-concat']).startsWith('final;')) {
        return Boolean(response.writeHead(201, { Location: '/files/1' }).end());
      }
      const status = method === 'HEAD' ? looks.shift() : undefined;
      return Boolean(status && response.writeHead(status, { 'Upload-Length': 3 }).end());
    };
    expect(await client.createFinalUpload(urls)).toMatchObject({ size: 3, offset: 3 });
    expect(looks).toEqual([]);
  });

  it('fails when it is gone (CLI-08)', async () => {
    const urls = [await client.createPartialUpload(Readable.from(['abc']), { size: 3 })];
    peer.fault = ({ headers }, response) =>
      String(headers['upload-concat']).startsWith('final;') &&
      Boolean(response.writeHead(201, { Location: '/files/gone' }).end());
    const error = await failure(client.createFinalUpload(urls));
    expect(error).toMatchObject({ status: 404, code: 'HTTP_404' });
  });
});
