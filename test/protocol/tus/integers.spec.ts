import { describe, expect, it } from '@jest/globals';
import { InvalidHeaderError } from '../../../src/model/errors/invalid-header.error.js';
import { UploadTooLargeError } from '../../../src/model/errors/upload-too-large.error.js';
import { parseLength, parseOffset } from '../../../src/protocol/tus/integers.js';

const malformed = ['', ' ', '-1', '+1', '1.0', '1e3', '0x10', '1_000', '1 0', '0, 0', '٣', '0'.repeat(17)];

describe('counts of bytes', () => {
  it.each([
    ['0', 0],
    ['007', 7],
    [' 42\t', 42],
    ['5368709120', 5_368_709_120],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('%j is a length and an offset (CORE-04)', (text, value) => {
    expect(parseLength(text)).toBe(value);
    expect(parseOffset(text)).toBe(value);
  });

  it.each(malformed)('%j is neither a length nor an offset (CORE-04, trap 20)', (text) => {
    expect(() => parseLength(text)).toThrow(InvalidHeaderError);
    expect(() => parseOffset(text)).toThrow(InvalidHeaderError);
  });

  it.each(['9007199254740992', '99999999999999999999'])(
    'a length of %s is too large, an offset of it is malformed (CORE-04)',
    (text) => {
      expect(() => parseLength(text)).toThrow(UploadTooLargeError);
      expect(() => parseOffset(text)).toThrow(InvalidHeaderError);
    },
  );

  it('an offset that was not sent is refused (CORE-09)', () => {
    expect(() => parseOffset(undefined)).toThrow('Upload-Offset: the header is missing.');
  });
});
