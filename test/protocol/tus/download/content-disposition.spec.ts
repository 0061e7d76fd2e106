import { describe, expect, it } from '@jest/globals';
import { contentDisposition } from '../../../../src/protocol/tus/download/content-disposition.js';

describe('Content-Disposition', () => {
  it.each([
    ['holiday.mp4', 'filename="holiday.mp4"'],
    ["it's (1)!.txt", `filename="it's (1)!.txt"`],
    ['/etc/passwd', 'filename="passwd"'],
    ['C:\\fakepath\\a.txt', 'filename="a.txt"'],
    ['a"; filename="b.exe', 'filename="a; filename=b.exe"'],
    ['a\r\nSet-Cookie: x=1', 'filename="aSet-Cookie: x=1"'],
    ['a\0\u0007\u007f\u0085b', 'filename="ab"'],
    ['  a.txt  ', 'filename="a.txt"'],
    ['naïve €.txt', `filename="na_ve _.txt"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.txt`],
    ["é'(*)", `filename="_'(*)"; filename*=UTF-8''%C3%A9%27%28%2A%29`],
    ['😀.png', `filename="_.png"; filename*=UTF-8''%F0%9F%98%80.png`],
    ['100%41.txt', `filename="100_41.txt"; filename*=UTF-8''100%2541.txt`],
    ['photo\u202egnp.exe', 'filename="photognp.exe"'],
  ])('of %j is attachment; %s (GET-05)', (name, parameters) => {
    expect(contentDisposition('attachment', name)).toBe(`attachment; ${parameters}`);
  });

  it.each([undefined, '', '.', '..', 'folder/', '\r\n', '"'])('leaves the name %j out (GET-05)', (name) => {
    expect(contentDisposition('inline', name)).toBe('inline');
  });

  it('shortens a name to 255 bytes, cuts no character in two, and keeps the extension (GET-05)', () => {
    const name = (value: string) =>
      decodeURIComponent(contentDisposition('attachment', value).split("UTF-8''")[1] ?? '');
    expect(name(`${'é'.repeat(300)}.jpeg`)).toBe(`${'é'.repeat(125)}.jpeg`);
    expect(name('😀'.repeat(300))).toBe('😀'.repeat(63));
    expect(name(`é.${'x'.repeat(300)}`)).toBe(`é.${'x'.repeat(252)}`);
  });

  it('has ASCII alone, whatever the name', () => {
    for (let code = 0; code < 0x3000; code += 1) {
      const value = contentDisposition('attachment', `a${String.fromCodePoint(code)}b`);
      expect(value).toMatch(
        /^attachment; filename="[\x20-\x21\x23-\x5b\x5d-\x7e]+"(?:; filename\*=UTF-8''[\w.%~!-]+)?$/,
      );
    }
  });
});
