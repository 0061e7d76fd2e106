import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fileSays } from '../support/files.js';
import { MortalServer } from '../support/mortal-server.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import { rowsSay } from '../support/rows.js';

describe('a process that dies between the last byte and the end of OnUploadComplete (promise 5)', () => {
  let server: MortalServer;

  beforeEach(async () => {
    server = await MortalServer.start({ hook: 'hangs' });
  });
  afterEach(() => server.remove());

  it('has the event delivered by the next process, at its start', async () => {
    const url = await create(server.endpoint, { 'upload-length': '5' });
    expect((await patch(url, 0, 'hello')).status).toBe(204);
    await calls(1);
    await server.restart({ hook: 'hangs' });
    await calls(2);
    await server.restart();
    await calls(3);
    const id = url.split('/').at(-1);
    expect((await readFile(server.journal, 'utf8')).trim().split('\n')).toEqual([id, id, id]);
    const pending = 'SELECT id FROM tus_upload WHERE delivery IS NOT NULL';
    await rowsSay(server.directory, pending, (rows) => rows.length === 0);
  });

  it('has it delivered although the upload was deleted', async () => {
    const url = await create(server.endpoint, { 'upload-length': '0' });
    await calls(1);
    expect((await call({ method: 'DELETE', url, headers: tus() })).status).toBe(204);
    await server.restart();
    await calls(2);
    expect((await head(server.here(url))).status).toBe(404);
  });

  /** Resolves when the hook was called so often. */
  async function calls(count: number): Promise<void> {
    await fileSays(server.journal, (text) => text.split('\n').length > count);
  }
});
