import { describe, expect, it } from '@jest/globals';
import { judgePreconditions, rangeApplies } from '../../../../src/protocol/tus/download/preconditions.js';

const etag = '"id-1"';
const lastModified = Date.UTC(1994, 10, 6, 8, 49, 37);
const THEN = 'Sun, 06 Nov 1994 08:49:37 GMT';
const BEFORE = 'Sun, 06 Nov 1994 08:49:36 GMT';
const AFTER = 'Sun, 06 Nov 1994 08:49:38 GMT';

const reader = (headers: Record<string, string>) => (name: string) => headers[name];
const judge = (headers: Record<string, string>) =>
  judgePreconditions(reader(headers), { etag, lastModified });
const applies = (value: string) => rangeApplies(reader({ 'If-Range': value }), { etag, lastModified });

describe('preconditions', () => {
  it.each<[Record<string, string>, 412 | 304 | undefined]>([
    [{}, undefined],
    [{ 'If-Match': etag }, undefined],
    [{ 'If-Match': `"a", ${etag}` }, undefined],
    [{ 'If-Match': '*' }, undefined],
    [{ 'If-Match': `W/${etag}` }, 412],
    [{ 'If-Match': '"a"' }, 412],
    [{ 'If-Match': 'id-1' }, 412],
    [{ 'If-Unmodified-Since': THEN }, undefined],
    [{ 'If-Unmodified-Since': BEFORE }, 412],
    [{ 'If-Unmodified-Since': 'yesterday' }, undefined],
    [{ 'If-None-Match': etag }, 304],
    [{ 'If-None-Match': `"a,b",W/${etag}` }, 304],
    [{ 'If-None-Match': '*' }, 304],
    [{ 'If-None-Match': '"a"' }, undefined],
    [{ 'If-Modified-Since': THEN }, 304],
    [{ 'If-Modified-Since': AFTER }, 304],
    [{ 'If-Modified-Since': BEFORE }, undefined],
    [{ 'If-Modified-Since': '1994-11-06T08:49:38Z' }, undefined],
  ])('%j: %p (GET-07)', (headers, verdict) => {
    expect(judge(headers)).toBe(verdict);
  });

  it('come in the order of HTTP: a tag counts before the date beside it (GET-07)', () => {
    expect(judge({ 'If-Match': etag, 'If-Unmodified-Since': BEFORE })).toBeUndefined();
    expect(judge({ 'If-None-Match': '"a"', 'If-Modified-Since': AFTER })).toBeUndefined();
    expect(judge({ 'If-Match': '"a"', 'If-None-Match': etag })).toBe(412);
    expect(judge({ 'If-Match': etag, 'If-None-Match': etag })).toBe(304);
  });

  it.each([
    ['Sunday, 06-Nov-94 08:49:37 GMT', 304],
    ['Sun Nov  6 08:49:37 1994', 304],
    ['Sun Nov  6 08:49:36 1994', undefined],
    ['Sun, 06 Nov 1994 08:49:37 +0100', undefined],
  ])('know the obsolete forms of dates, always in GMT: %s', (date, verdict) => {
    expect(judge({ 'If-Modified-Since': date })).toBe(verdict);
  });

  it.each([
    [etag, true],
    [THEN, true],
    [`W/${etag}`, false],
    ['"a"', false],
    ['*', false],
    [BEFORE, false],
    [AFTER, false],
    ['nonsense', false],
  ])('If-Range: %s lets a range be served: %p (GET-07)', (value, served) => {
    expect(applies(value)).toBe(served);
  });
});
