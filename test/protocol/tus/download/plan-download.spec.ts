import { describe, expect, it } from '@jest/globals';
import { PreconditionFailedError } from '../../../../src/model/errors/precondition-failed.error.js';
import { RangeNotSatisfiableError } from '../../../../src/model/errors/range-not-satisfiable.error.js';
import { Metadata } from '../../../../src/model/metadata.js';
import type { CompletedUpload } from '../../../../src/model/upload.js';
import { planDownload } from '../../../../src/protocol/tus/download/plan-download.js';

const FIVE_GIB = 5 * 1024 ** 3;

function uploadOf(length: number, metadata: Record<string, string> = {}): CompletedUpload {
  const completedAt = new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
  return {
    ...{ id: 'abc', kind: 'single', state: 'complete', offset: length, length, storage: 'local', key: 'abc' },
    ...{ metadata: Metadata.from(metadata), rawMetadata: null, concat: null },
    ...{ owner: null, createdAt: completedAt, completedAt, expiresAt: null },
  };
}

const plan = (upload: CompletedUpload, headers: Record<string, string> = {}) =>
  planDownload(upload, (name) => headers[name]);

describe('a download', () => {
  it('is all of the upload, with what a browser must know of it (GET-02, GET-04, GET-08)', () => {
    expect(plan(uploadOf(FIVE_GIB, { filename: 'a.html', filetype: 'text/html' }))).toEqual({
      status: 200,
      span: 'all',
      headers: {
        'Content-Length': '5368709120',
        'Content-Type': 'text/html',
        'Content-Disposition': 'attachment; filename="a.html"',
        'Accept-Ranges': 'bytes',
        ETag: expect.stringMatching(/^"abc-[a-z0-9]+"$/),
        'Last-Modified': 'Fri, 02 Jan 2026 03:04:05 GMT',
        'Cache-Control': 'private, no-cache, no-transform',
        'X-Content-Type-Options': 'nosniff',
        'Content-Security-Policy': "sandbox; default-src 'none'",
      },
    });
  });

  it('of a range beyond 4 GiB says where it is (GET-06, trap 8)', () => {
    expect(plan(uploadOf(FIVE_GIB), { Range: 'bytes=5000000000-' })).toMatchObject({
      status: 206,
      span: { start: 5_000_000_000, end: 5_368_709_119 },
      headers: {
        'Content-Range': 'bytes 5000000000-5368709119/5368709120',
        'Content-Length': '368709120',
      },
    });
  });

  it('of nothing is 200 with no bytes, and has no range', () => {
    expect(plan(uploadOf(0))).toMatchObject({ status: 200, headers: { 'Content-Length': '0' } });
    expect(() => plan(uploadOf(0), { Range: 'bytes=0-' })).toThrow(RangeNotSatisfiableError);
  });

  it('is told from any other by its entity tag', () => {
    const { ETag } = plan(uploadOf(1)).headers;
    const other = { ...uploadOf(1), completedAt: new Date(0) };
    expect(plan(other).headers.ETag).not.toBe(ETag);
    expect(plan({ ...uploadOf(1), id: 'abd' }).headers.ETag).not.toBe(ETag);
  });

  it('is decided by the preconditions before the range (GET-07)', () => {
    const upload = uploadOf(10);
    const etag = String(plan(upload).headers.ETag);
    const Range = 'bytes=99-';
    expect(() => plan(upload, { Range, 'If-Match': '"other"' })).toThrow(PreconditionFailedError);
    expect(plan(upload, { Range, 'If-None-Match': etag })).toEqual({
      status: 304,
      span: null,
      headers: { ETag: etag, 'Cache-Control': 'private, no-cache, no-transform' },
    });
    expect(plan(upload, { Range, 'If-Range': '"other"' })).toMatchObject({ status: 200, span: 'all' });
    expect(() => plan(upload, { Range, 'If-Range': etag })).toThrow(RangeNotSatisfiableError);
  });

  it.each([
    ['text/plain', 'text/plain', 'inline'],
    ['IMAGE/PNG', 'image/png', 'inline'],
    ['video/mp4', 'video/mp4', 'inline'],
    ['text/html', 'text/html', 'attachment'],
    ['image/svg+xml', 'image/svg+xml', 'attachment'],
    ['application/pdf', 'application/pdf', 'attachment'],
    ['text/plain; charset=utf-8', 'application/octet-stream', 'attachment'],
    ['text', 'application/octet-stream', 'attachment'],
    ['text/plain\r\nX: y', 'application/octet-stream', 'attachment'],
    ['*/*', 'application/octet-stream', 'attachment'],
    ['', 'application/octet-stream', 'attachment'],
    ['té/xt', 'application/octet-stream', 'attachment'],
  ])('of the filetype %j is %s, %s (GET-03, GET-04)', (filetype, type, disposition) => {
    expect(plan(uploadOf(1, { filetype })).headers).toMatchObject({
      'Content-Type': type,
      'Content-Disposition': disposition,
    });
  });
});
