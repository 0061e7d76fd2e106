import { describe, expect, it } from '@jest/globals';
import { parseAppend } from '../../../src/protocol/tus/append.js';
import { headersOf } from '../header-reader.js';

const NO_CHECKSUMS = { algorithms: [], trailers: false };
const type = { 'Content-Type': 'application/offset+octet-stream' };

describe('a PATCH', () => {
  it('says where its bytes begin (CORE-09)', () => {
    expect(parseAppend(headersOf({ ...type, 'Upload-Offset': '7' }), NO_CHECKSUMS).command).toEqual({
      offset: 7,
      checksum: {},
    });
  });

  it('may say the length that was deferred (CRE-14)', () => {
    const headers = { ...type, 'Upload-Offset': '0', 'Upload-Length': '9' };
    expect(parseAppend(headersOf(headers), NO_CHECKSUMS).command).toEqual({
      offset: 0,
      length: 9,
      checksum: {},
    });
  });

  it('is refused for its media type before its headers are read (CORE-08)', () => {
    expect(parseAppend(headersOf({ 'Upload-Offset': 'x' }), NO_CHECKSUMS).refusal?.status).toBe(415);
  });

  it.each([
    ['no offset (CORE-09)', {}, 400],
    ['a malformed offset (CORE-04)', { 'Upload-Offset': '1.5' }, 400],
    ['a malformed length (CORE-04)', { 'Upload-Offset': '0', 'Upload-Length': '' }, 400],
    [
      'a length beyond 2^53 - 1 (CORE-04)',
      { 'Upload-Offset': '0', 'Upload-Length': '9007199254740992' },
      413,
    ],
  ])('with %s is refused', (_, headers: Record<string, string>, status) => {
    expect(parseAppend(headersOf({ ...type, ...headers }), NO_CHECKSUMS).refusal?.status).toBe(status);
  });

  it('ignores Upload-Concat, which tus-js-client sends on every request of a partial (CON-04)', () => {
    const headers = { ...type, 'Upload-Offset': '0', 'Upload-Concat': 'partial' };
    expect(parseAppend(headersOf(headers), NO_CHECKSUMS).command).toEqual({ offset: 0, checksum: {} });
  });
});
