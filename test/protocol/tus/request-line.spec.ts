import { describe, expect, it } from '@jest/globals';
import { InvalidMethodOverrideError } from '../../../src/model/errors/invalid-method-override.error.js';
import { UnsupportedVersionError } from '../../../src/model/errors/unsupported-version.error.js';
import { isOffsetStream } from '../../../src/protocol/tus/media-type.js';
import { effectiveMethod } from '../../../src/protocol/tus/method-override.js';
import { idFromSegment } from '../../../src/protocol/tus/upload-id.js';
import { checkVersion } from '../../../src/protocol/tus/version.js';
import { headersOf } from '../header-reader.js';

describe('the version', () => {
  it.each(['POST', 'PATCH', 'DELETE', 'HEAD'])('1.0.0 is served on %s (CORE-01)', (method) => {
    expect(() => checkVersion(method, headersOf({ 'Tus-Resumable': ' 1.0.0' }))).not.toThrow();
  });

  it.each(['POST', 'PATCH', 'DELETE'])('%s without the header is refused (CORE-01)', (method) => {
    expect(() => checkVersion(method, headersOf({}))).toThrow(UnsupportedVersionError);
  });

  it('a HEAD may leave the header out, yet not name another version (CORE-01)', () => {
    expect(() => checkVersion('HEAD', headersOf({}))).not.toThrow();
    expect(() => checkVersion('HEAD', headersOf({ 'Tus-Resumable': '0.2.2' }))).toThrow(
      UnsupportedVersionError,
    );
  });
});

/** What tells a request of tus. */
const MARKS: readonly Record<string, string>[] = [
  { 'Tus-Resumable': '1.0.0' },
  { 'Content-Type': 'application/offset+octet-stream' },
];

describe('the method override', () => {
  it.each([
    ['POST', 'PATCH', 'PATCH'],
    ['POST', 'delete', 'DELETE'],
    ['GET', 'Head', 'HEAD'],
    ['PATCH', 'POST', 'POST'],
    ['OPTIONS', 'PATCH', 'OPTIONS'],
  ])('%s with %s means %s (OVR-01)', (method, override, meant) => {
    for (const mark of MARKS) {
      expect(effectiveMethod(method, headersOf({ ...mark, 'X-HTTP-Method-Override': override }))).toBe(meant);
    }
  });

  it('a request that does not speak tus keeps its method (OVR-05)', () => {
    const override = { 'X-HTTP-Method-Override': 'DELETE' };
    const others = { 'Content-Type': 'application/json', 'Upload-Complete': '?1' };
    const draft = { 'Content-Type': 'application/offset+octet-stream', 'Upload-Complete': '?1' };
    for (const headers of [{}, others, draft]) {
      expect(effectiveMethod('POST', headersOf({ ...headers, ...override }))).toBe('POST');
    }
  });

  it('a request without it means its own method', () => {
    expect(effectiveMethod('PUT', headersOf({}))).toBe('PUT');
  });

  it.each(['', 'GET', 'PUT', 'OPTIONS', 'PATCH, PATCH'])('%j is refused (OVR-01)', (override) => {
    const headers = headersOf({ 'Tus-Resumable': '1.0.0', 'X-HTTP-Method-Override': override });
    expect(() => effectiveMethod('POST', headers)).toThrow(InvalidMethodOverrideError);
  });
});

describe('the media type', () => {
  it.each([
    'application/offset+octet-stream',
    'Application/Offset+Octet-Stream',
    'application/offset+octet-stream; charset=UTF-8',
    ' application/offset+octet-stream ;x=1',
  ])('%j carries bytes (CORE-08)', (type) => {
    expect(isOffsetStream(type)).toBe(true);
  });

  it.each([undefined, '', 'application/octet-stream', 'application/offset', 'text/plain'])(
    '%j does not (CORE-08)',
    (type) => {
      expect(isOffsetStream(type)).toBe(false);
    },
  );
});

describe('the id of an upload', () => {
  it.each([
    ['a', 'a'],
    ['%61-_Z9', 'a-_Z9'],
    ['x'.repeat(128), 'x'.repeat(128)],
  ])('%s is one, decoded once (CORE-28, trap 17)', (segment, id) => {
    expect(idFromSegment(segment)).toBe(id);
  });

  it.each([
    '',
    '.',
    '..',
    '%2e%2e',
    'a%2Fb',
    'a%5cb',
    'a%00',
    '%',
    '%zz',
    '%2561',
    'é',
    'a.b',
    'x'.repeat(129),
  ])('%j cannot be one', (segment) => {
    expect(idFromSegment(segment)).toBeNull();
  });
});
