import { readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Background } from '../../../src/uploads/background.js';
import { memoryFolder } from '../../support/memory-folder.js';
import { create, head, patch } from '../../support/raw-http.js';
import { PLATFORMS, TusApp } from '../../support/tus-app.js';

const CONTENT = 'abcdefghijkl';
const BEGIN = 2;
const BODY = CONTENT.slice(BEGIN, 9);

/** Framings of the same PATCH: how its length is announced, and its body on the wire. */
const FRAMINGS = [
  ['with its length', `Content-Length: ${BODY.length}`, BODY],
  [
    'in chunks',
    'Transfer-Encoding: chunked',
    `3\r\n${BODY.slice(0, 3)}\r\n4;x=y\r\n${BODY.slice(3)}\r\n0\r\n\r\n`,
  ],
] as const;

describe.each(PLATFORMS)('a PATCH on %s whose connection is cut', (platform) => {
  let app: TusApp;

  beforeAll(async () => {
    app = await TusApp.start({ platform, directory: await memoryFolder('nestjs-tus-cut-') });
  });
  afterAll(async () => {
    await app.stop();
    await rm(app.directory, { recursive: true, force: true });
  });

  async function begun(): Promise<URL> {
    const url = await create(app.endpoint, { 'upload-length': String(CONTENT.length) });
    await patch(url, 0, CONTENT.slice(0, BEGIN));
    return new URL(url);
  }

  /** Sends a part of a request, and closes the connection. */
  function sendPart(text: string): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(Number(new URL(app.origin).port), '127.0.0.1', () => socket.end(text));
      // An answer may come before the end, and the server may close first.
      socket.on('error', () => undefined);
      socket.resume().on('close', () => resolve());
    });
  }

  /** HEAD and PATCH until all is there; the offsets that were told only grow. */
  async function resume({ href }: URL): Promise<number[]> {
    const told: number[] = [];
    while (told.at(-1) !== CONTENT.length) {
      const offset = await offsetOf(href);
      told.push(offset);
      if (offset < CONTENT.length) await patch(href, offset, CONTENT.slice(offset));
    }
    return told;
  }

  describe.each(FRAMINGS)('%s', (_name, framing, body) => {
    it('CORE-15 within its head changes nothing', async () => {
      const url = await begun();
      const text = headTo(url, framing);
      for (let cut = 0; cut < text.length; cut++) {
        await sendPart(text.slice(0, cut));
        expect({ cut, told: await offsetOf(url.href) }).toEqual({ cut, told: BEGIN });
      }
      expect(await resume(url)).toEqual([BEGIN, CONTENT.length]);
    }, 60_000);

    it('CORE-15 after its head, or any byte of its body, counts no byte twice and none that did not come', async () => {
      for (let cut = 0; cut <= body.length; cut++) {
        const url = await begun();
        await sendPart(headTo(url, framing) + body.slice(0, cut));
        const told = await resume(url);
        const stored = await readFile(join(app.directory, url.pathname.split('/').at(-1) ?? ''), 'utf8');
        expect({ cut, told, stored }).toEqual({ cut, told: told.toSorted((a, b) => a - b), stored: CONTENT });
        expect(told[0]).toBeLessThanOrEqual(BEGIN + BODY.length);
      }
      await app.get(Background).idle();
      expect(await readdir(join(app.directory, '.tus', 'work'))).toEqual([]);
    }, 60_000);
  });
});

async function offsetOf(url: string): Promise<number> {
  return Number((await head(url)).headers['upload-offset']);
}

function headTo({ pathname, host }: URL, framing: string): string {
  const fields = [
    `PATCH ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    'Tus-Resumable: 1.0.0',
    'Content-Type: application/offset+octet-stream',
    `Upload-Offset: ${BEGIN}`,
    framing,
    'Connection: close',
  ];
  return `${fields.join('\r\n')}\r\n\r\n`;
}
