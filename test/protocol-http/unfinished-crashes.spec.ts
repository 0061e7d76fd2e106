import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fileSays } from '../support/files.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';
import { ServerProcess } from '../support/server-process.js';
import { idOf, sql } from './support.js';

const FOREIGN = `lease_holder = 'elsewhere', lease_expires_at = 9000000000000000`;

describe('a process that is killed while a final waits', () => {
  let directory: string;
  let journal: string;
  let server: ServerProcess;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nestjs-tus-unfinished-'));
    journal = join(directory, 'completed.txt');
    await writeFile(journal, '');
    server = await ServerProcess.start({ directory, completed: journal });
  });
  afterEach(async () => {
    await server.kill();
    await rm(directory, { recursive: true, force: true });
  });

  /** The next process, once the leases and claims of the dead one have run out. */
  async function restart(): Promise<void> {
    await server.kill();
    await sql({ directory }, 'UPDATE tus_upload SET lease_expires_at = 0 WHERE lease_holder IS NOT NULL');
    await sql({ directory }, 'UPDATE tus_upload SET delivery_until = 0 WHERE delivery IS NOT NULL');
    server = await ServerProcess.start({ directory, completed: journal });
  }

  const here = (url: string) => `${server.endpoint}/${idOf(url)}`;
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
    await fileSays(journal, (text) => text.includes(idOf(url)));
    const total = String(bytes.length);
    expect((await head(here(url))).headers).toMatchObject({
      ...{ 'upload-offset': total, 'upload-length': total },
    });
    expect(await readFile(join(directory, idOf(url)), 'utf8')).toBe(bytes);
    for (const line of (await readFile(journal, 'utf8')).trim().split('\n')) expect(line).toBe(idOf(url));
  }

  it('CON-24 before its last partial is complete: the next process takes the rest and merges', async () => {
    const [a, b] = [await partial(6), await partial(5)];
    const final = await pending([a, b]);
    await patch(b, 0, 'world');
    await restart();
    expect((await head(here(final))).headers).not.toHaveProperty('upload-offset');
    expect((await patch(here(a), 0, 'hello ')).status).toBe(204);
    await merged(final, 'hello world');
  });

  it('CON-24 CON-25 between its last partial and the merge: the next process merges without being asked', async () => {
    const [a, b] = [await partial(6), await partial(5)];
    const final = await pending([a, b]);
    // Who has the lease of the final keeps the merge from beginning, as death does.
    await sql({ directory }, `UPDATE tus_upload SET ${FOREIGN} WHERE id = ?`, [idOf(final)]);
    await patch(b, 0, 'world');
    expect((await patch(a, 0, 'hello ')).status).toBe(204);
    expect((await head(final)).headers).not.toHaveProperty('upload-offset');
    await restart();
    await merged(final, 'hello world');
    expect((await readFile(journal, 'utf8')).trim()).toBe(idOf(final));
  });

  it('CON-24 at whichever moment after the last byte was acknowledged: it is merged, and announced', async () => {
    const [a, b] = [await partial(6), await partial(5)];
    const final = await pending([a, b, a]);
    await patch(a, 0, 'hello ');
    expect((await patch(b, 0, 'world')).status).toBe(204);
    await restart();
    await merged(final, 'hello worldhello ');
  });
});
