import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BYTES } from '../protocol-http/support.js';
import { fileSays } from '../support/files.js';
import { MortalServer } from '../support/mortal-server.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';

describe('a process that dies in the middle of OnUploadFinish', () => {
  let server: MortalServer;

  beforeEach(async () => {
    server = await MortalServer.start({ hook: 'finish-hangs' });
  });
  afterEach(() => server.remove());

  const idOf = (url: string): string => url.split('/').at(-1) ?? '';
  /** The ids that OnUploadFinish was called with. Deliveries may come twice: each kill is in the middle of something. */
  const asked = async () =>
    [...(await readFile(server.journal, 'utf8')).matchAll(/^finish (\S+)$/gm)].map(([, id]) => id ?? '');
  const says = (line: string) => fileSays(server.journal, (text) => text.split('\n').includes(line));

  /** One more upload, of which the journal says last that it is delivered. */
  async function another(): Promise<string> {
    const url = await create(server.endpoint, { 'upload-length': '0' });
    await says(idOf(url));
    return idOf(url);
  }

  it('has the next process call it again, which completes the upload; once it has returned it is not called again', async () => {
    const url = await create(server.endpoint, { 'upload-length': '5' });
    const cut = patch(url, 0, 'hello').catch(() => undefined);
    const id = idOf(url);
    await says(`finish ${id}`);
    expect((await head(url)).headers['upload-offset']).toBe('0');
    await server.restart({ hook: 'finishes' });
    await cut;
    await says(id);
    expect((await head(server.here(url))).headers['upload-offset']).toBe('5');
    expect(await asked()).toEqual([id, id]);
    await server.restart({ hook: 'finishes' });
    const next = await another();
    expect(await asked()).toEqual([id, id, next]);
  });

  it('goes on with a final, too, and without a client where that has sent all bytes with its POST', async () => {
    const partial = { 'upload-concat': 'partial', 'upload-length': '0' };
    const list = new URL(await create(server.endpoint, partial)).pathname;
    const post = { method: 'POST', url: server.endpoint };
    const final = call({ ...post, headers: tus({ 'upload-concat': `final;${list}` }) });
    const whole = call({ ...post, headers: tus({ 'upload-length': '5', ...BYTES }), body: 'hello' });
    const ended = Promise.allSettled([final, whole]);
    await fileSays(server.journal, (text) => text.split('finish ').length === 3);
    const ids = await asked();
    await server.restart({ hook: 'finishes' });
    await ended;
    for (const id of ids) await says(id);
    expect((await asked()).toSorted()).toEqual([...ids, ...ids].toSorted());
  });
});
