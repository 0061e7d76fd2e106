import { describe, expect, it } from '@jest/globals';
import { InvalidHeaderError } from '../../../src/index.js';
import { parseChecksum, parseChecksumClaims } from '../../../src/protocol/tus/checksum.js';
import { headersOf } from '../header-reader.js';

const ON = { algorithms: ['sha1', 'md5'], trailers: true } as const;
const SHA1 = 'qvTGHdzF6KLavt4PO0gs2a6pQ00=';

describe('the checksum of a request', () => {
  it('is an algorithm and the bytes of its digest (CHK-02)', () => {
    const header = parseChecksum(`sha1 ${SHA1}`, ON.algorithms);
    expect(header).toEqual({ algorithm: 'sha1', digest: Buffer.from(SHA1, 'base64') });
    expect(parseChecksumClaims(headersOf({ 'Upload-Checksum': `sha1 ${SHA1}` }), ON)).toEqual({ header });
  });

  it.each([`SHA1 ${SHA1}`, ` sha1 ${SHA1} `, `sha1 ${SHA1.replace('=', '')}`])(
    'may come as "%s"',
    (value) => {
      expect(parseChecksum(value, ON.algorithms)).toEqual(parseChecksum(`sha1 ${SHA1}`, ON.algorithms));
    },
  );

  it.each([
    '',
    ' ',
    'sha1',
    'sha1 =',
    'sha1 A',
    'sha1 AA=',
    'sha1 AAAA=',
    'sha1 A-_=',
    `sha1  ${SHA1}`,
    `${SHA1} sha1`,
  ])('is no checksum: "%s" (CHK-02)', (value) => {
    expect(() => parseChecksum(value, ON.algorithms)).toThrow(InvalidHeaderError);
  });

  it('is refused by an algorithm that is not enabled, in a sentence that names those that are (CHK-05)', () => {
    expect(() => parseChecksum(`sha256 ${SHA1}`, ON.algorithms)).toThrow('use one of sha1, md5');
  });

  it('is read in time linear in its length', () => {
    const long = `sha1 ${'A'.repeat(60_000)}!`;
    expect(() => parseChecksum(long, ON.algorithms)).toThrow(InvalidHeaderError);
  });

  it.each(['Upload-Checksum', 'upload-checksum', 'X-One, Upload-Checksum,X-Two', ' , upload-checksum'])(
    'is announced behind the body by Trailer: "%s", and may then be of any algorithm that is enabled (CHK-11)',
    (value) => {
      expect(parseChecksumClaims(headersOf({ Trailer: value }), ON)).toEqual({ announced: ['sha1', 'md5'] });
    },
  );

  it.each(['', 'X-Upload-Checksum', 'Upload-Checksum-Two'])('is not announced by Trailer: "%s"', (value) => {
    expect(parseChecksumClaims(headersOf({ Trailer: value }), ON)).toEqual({});
  });

  it('is neither read nor announced where its extension is off (CHK-16, OPT-08)', () => {
    const headers = headersOf({ 'Upload-Checksum': `sha1 ${SHA1}`, Trailer: 'Upload-Checksum' });
    const header = parseChecksum(`sha1 ${SHA1}`, ON.algorithms);
    expect(parseChecksumClaims(headers, { ...ON, trailers: false })).toEqual({ header });
    expect(parseChecksumClaims(headers, { algorithms: [], trailers: false })).toEqual({});
    expect(
      parseChecksumClaims(headersOf({ 'Upload-Checksum': 'nonsense' }), { algorithms: [], trailers: false }),
    ).toEqual({});
  });
});
