import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { create, head, patch } from '../support/raw-http.js';
import { OpenPatch } from '../support/open-patch.js';
import { lapse } from '../support/rows.js';
import { ServerProcess } from '../support/server-process.js';

const MIB = 1024 * 1024;

describe('two processes on one database and one folder', () => {
  let directory: string;
  let first: ServerProcess;
  let second: ServerProcess;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nestjs-tus-paused-'));
    first = await ServerProcess.start({ directory });
    second = await ServerProcess.start({ directory });
  });
  afterEach(async () => {
    await first.kill();
    await second.kill();
    await rm(directory, { recursive: true, force: true });
  });

  it('a writer that was paused beyond its lease, and goes on after its successor has written, changes no acknowledged byte', async () => {
    const url = await create(first.endpoint, { 'upload-length': String(8 * MIB) });
    const id = new URL(url).pathname.split('/').at(-1) ?? '';
    const before = Buffer.alloc(2 * MIB, 'a');
    const stale = OpenPatch.begin(url, { offset: 0, contentLength: 8 * MIB });
    await stale.send(before);
    await offsetReaches(url, before.length);

    first.pause();
    await lapse(directory);
    const successor = Buffer.alloc(6 * MIB, 'b');
    expect((await patch(`${second.endpoint}/${id}`, before.length, successor.subarray(0, MIB))).status).toBe(
      204,
    );
    void stale.send(Buffer.alloc(6 * MIB, 'x'));
    first.continue();
    expect((await stale.outcome()).status).not.toBe(204);

    expect((await patch(`${second.endpoint}/${id}`, 3 * MIB, successor.subarray(MIB))).status).toBe(204);
    const stored = await readFile(join(directory, id));
    expect(stored.equals(Buffer.concat([before, successor]))).toBe(true);
  });
});

async function offsetReaches(url: string, offset: number): Promise<void> {
  while (Number((await head(url)).headers['upload-offset']) < offset);
}
