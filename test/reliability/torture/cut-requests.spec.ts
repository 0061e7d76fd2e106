import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Background } from '../../../src/uploads/background.js';
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
    app = await TusApp.start({ platform });
  });
  afterAll(() => app.stop());

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
  async function resume(url: string): Promise<number[]> {
    const told: number[] = [];
    while (told.at(-1) !== CONTENT.length) {
      const offset = Number((await head(url)).headers['upload-offset']);
      told.push(offset);
      if (offset < CONTENT.length) await patch(url, offset, CONTENT.slice(offset));
    }
    return told;
  }

  it.each(FRAMINGS)(
    'CORE-15 %s, after any of its bytes, counts no byte twice and none that did not come',
    async (_name, framing, body) => {
      for (let cut = 0, length = Infinity; cut <= length; cut++) {
        const url = await create(app.endpoint, { 'upload-length': String(CONTENT.length) });
        await patch(url, 0, CONTENT.slice(0, BEGIN));
        const { pathname, host } = new URL(url);
        const fields = [
          `PATCH ${pathname} HTTP/1.1`,
          `Host: ${host}`,
          'Tus-Resumable: 1.0.0',
          'Content-Type: application/offset+octet-stream',
          `Upload-Offset: ${BEGIN}`,
          framing,
        ];
        const text = `${fields.join('\r\n')}\r\nConnection: close\r\n\r\n${body}`;
        ({ length } = text);
        await sendPart(text.slice(0, cut));
        const told = await resume(url);
        const stored = await readFile(join(app.directory, pathname.split('/').at(-1) ?? ''), 'utf8');
        expect({ cut, told, stored }).toEqual({ cut, told: told.toSorted((a, b) => a - b), stored: CONTENT });
        expect(told[0]).toBeLessThanOrEqual(BEGIN + BODY.length);
      }
      await app.get(Background).idle();
      expect(await readdir(join(app.directory, '.tus', 'work'))).toEqual([]);
    },
    60_000,
  );
});
