import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fileSays } from '../support/files.js';
import { MortalServer } from '../support/mortal-server.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import { sqlite } from '../support/rows.js';
import { idOf } from './support.js';

const FOREIGN = `lease_holder = 'elsewhere', lease_expires_at = 9000000000000000`;

describe('a process that is killed while a final waits', () => {
  let server: MortalServer;
  let directory: string;

  beforeEach(async () => {
    server = await MortalServer.start();
    ({ directory } = server);
  });
  afterEach(() => server.remove());

  const here = (url: string) => server.here(url);
  const partial = (length: number) =>
    create(server.endpoint, { 'upload-concat': 'partial', 'upload-length': String(length) });

  async function pending(urls: readonly string[]): Promise<string> {
    const concat = `final;${urls.map((url) => new URL(url).pathname).join(' ')}`;
    const headers = tus({ 'upload-concat': concat });
    const answer = await call({ method: 'POST', url: server.endpoint, headers });
    expect(answer.status).toBe(201);
    expect(answer.headers).not.toHaveProperty('upload-offset');
    return here(String(answer.headers.location));
  }

  async function merged(url: string, bytes: string): Promise<void> {
    await fileSays(server.journal, (text) => text.includes(idOf(url)));
    const total = String(bytes.length);
    expect((await head(here(url))).headers).toMatchObject({
      ...{ 'upload-offset': total, 'upload-length': total },
    });
    expect(await readFile(join(directory, idOf(url)), 'utf8')).toBe(bytes);
    for (const line of (await readFile(server.journal, 'utf8')).trim().split('\n'))
      expect(line).toBe(idOf(url));
  }

  it('CON-24 before its last partial is complete: the next process takes the rest and merges', async () => {
    const [a, b] = [await partial(6), await partial(5)];
    const final = await pending([a, b]);
    await patch(b, 0, 'world');
    await server.restart();
    expect((await head(here(final))).headers).not.toHaveProperty('upload-offset');
    expect((await patch(here(a), 0, 'hello ')).status).toBe(204);
    await merged(final, 'hello world');
  });

  it('CON-24 CON-25 between its last partial and the merge: the next process merges without being asked', async () => {
    const [a, b] = [await partial(6), await partial(5)];
    const final = await pending([a, b]);
    // Who has the lease of the final keeps the merge from beginning, as death does.
    await sqlite(directory, `UPDATE tus_upload SET ${FOREIGN} WHERE id = ?`, [idOf(final)]);
    await patch(b, 0, 'world');
    expect((await patch(a, 0, 'hello ')).status).toBe(204);
    expect((await head(final)).headers).not.toHaveProperty('upload-offset');
    await server.restart();
    await merged(final, 'hello world');
    expect((await readFile(server.journal, 'utf8')).trim()).toBe(idOf(final));
  });

  it('CON-24 at whichever moment after the last byte was acknowledged: it is merged, and announced', async () => {
    const [a, b] = [await partial(6), await partial(5)];
    const final = await pending([a, b, a]);
    await patch(a, 0, 'hello ');
    expect((await patch(b, 0, 'world')).status).toBe(204);
    await server.restart();
    await merged(final, 'hello worldhello ');
  });
});
