import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fileAppears, fileSays } from '../support/files.js';
import { MortalServer } from '../support/mortal-server.js';
import { call, create, head, patch, tus } from '../support/raw-http.js';

const MIB = 1024 * 1024;
const SIZE = 200 * MIB;
const KILLS = 10;

describe('kill -9 of the server', () => {
  let server: MortalServer;
  let directory: string;

  beforeEach(async () => {
    server = await MortalServer.start();
    ({ directory } = server);
  });
  afterEach(() => server.remove());

  it(`at ${KILLS} random moments of a 200 MiB PATCH takes back no offset that was told, and no byte is wrong`, async () => {
    const bytes = pattern(SIZE);
    const expected = createHash('sha256').update(bytes).digest('hex');
    const ids: string[] = [];
    for (let i = 0; i < KILLS; i++) {
      const url = await create(server.endpoint, { 'upload-length': String(SIZE) });
      const killAt = Math.floor(Math.random() * SIZE);
      const told = await sendUntil(url, bytes, killAt);
      await server.restart();
      const id = url.split('/').at(-1) ?? '';
      const offset = Number((await head(`${server.endpoint}/${id}`)).headers['upload-offset']);
      expect({ killAt, told, kept: offset >= told }).toEqual({ killAt, told, kept: true });
      ids.push(id);
    }
    await Promise.all(ids.map((id) => finish(`${server.endpoint}/${id}`, bytes)));
    for (const id of ids) expect(await hashOf(join(directory, id))).toBe(expected);
    expect(await readdir(join(directory, '.tus', 'work'))).toEqual([]);
  }, 180_000);

  it('in the middle of a merge: the next process goes on, and the final holds exactly the bytes', async () => {
    const bytes = pattern(64 * MIB);
    const partial = await create(server.endpoint, {
      'upload-concat': 'partial',
      'upload-length': String(bytes.length),
    });
    expect((await patch(partial, 0, bytes)).status).toBe(204);
    // The same partial four times cannot be adopted, so every byte is copied.
    const list = Array.from({ length: 4 }, () => new URL(partial).pathname).join(' ');
    const mergeBegun = fileAppears(join(directory, '.tus', 'work'), /\.1$/);
    const lost = call({
      method: 'POST',
      url: server.endpoint,
      headers: tus({ 'upload-concat': `final;${list}` }),
    });
    lost.catch(() => undefined);
    await mergeBegun;
    await server.restart();
    await expect(lost).rejects.toThrow();
    const again = await call({
      method: 'POST',
      url: server.endpoint,
      headers: tus({ 'upload-concat': `final;${list}` }),
    });
    expect(again.status).toBe(201);
    const id = String(again.headers.location).split('/').at(-1) ?? '';
    await fileSays(server.journal, (text) => text.includes(id));
    const stored = await readFile(join(directory, id));
    expect(stored.length).toBe(4 * bytes.length);
    for (let i = 0; i < 4; i++) {
      expect(stored.subarray(i * bytes.length, (i + 1) * bytes.length).equals(bytes)).toBe(true);
    }
  }, 60_000);
});

/** Bytes that differ everywhere, so that a shifted or repeated block shows. */
function pattern(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0, state = 0x9e3779b9; at + 4 <= size; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  return bytes;
}

/** Sends the bytes in one PATCH, asks for the offset all the while, and stops once `killAt` bytes are on their way. */
async function sendUntil(url: string, bytes: Buffer, killAt: number): Promise<number> {
  const outgoing = request(url, {
    method: 'PATCH',
    agent: false,
    headers: tus({
      'content-type': 'application/offset+octet-stream',
      'upload-offset': '0',
      'content-length': String(bytes.length),
    }),
  });
  outgoing.on('error', () => undefined);
  let told = 0;
  for (let at = 0; at < killAt; at += 4 * MIB) {
    const chunk = bytes.subarray(at, Math.min(at + 4 * MIB, killAt));
    if (!outgoing.write(chunk)) await once(outgoing, 'drain');
    told = Math.max(told, Number((await head(url)).headers['upload-offset']));
  }
  return told;
}

/** Goes on where the server says, as often as it has to. */
async function finish(url: string, bytes: Buffer): Promise<void> {
  for (;;) {
    const offset = Number((await head(url)).headers['upload-offset']);
    const { status } = await patch(url, offset, bytes.subarray(offset));
    if (status === 204) return;
    if (status !== 409 && status !== 423) throw new Error(`PATCH answered ${status}`);
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
