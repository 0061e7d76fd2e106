import { describe, expect, it } from '@jest/globals';
import { OffsetConflictError } from '../../../src/model/errors/offset-conflict.error.js';
import { UploadLockedError } from '../../../src/model/errors/upload-locked.error.js';
import { Metadata } from '../../../src/model/metadata.js';
import type { Upload, UploadState } from '../../../src/model/upload.js';
import { appendedHeaders, createdHeaders, headHeaders } from '../../../src/protocol/tus/answers.js';

function upload(over: Partial<Upload>): Upload {
  return {
    id: 'a',
    kind: 'single',
    state: 'open',
    offset: 0,
    length: 5,
    metadata: Metadata.empty,
    rawMetadata: null,
    concat: null,
    storage: 'default',
    key: 'a',
    createdAt: new Date(0),
    completedAt: null,
    owner: null,
    expiresAt: null,
    ...over,
  };
}

const unfinished: UploadState[] = ['planning', 'pending', 'merging', 'finishing'];

describe('the answer to a HEAD', () => {
  it('has offset and length, also at zero and when complete (CORE-05)', () => {
    expect(headHeaders(upload({}))).toEqual({
      'Upload-Offset': '0',
      'Upload-Length': '5',
      'Cache-Control': 'no-store',
    });
    expect(headHeaders(upload({ offset: 5, state: 'complete' }))).toMatchObject({ 'Upload-Offset': '5' });
  });

  it('says that the length is not known yet (CRE-13)', () => {
    const headers = headHeaders(upload({ length: null, offset: 3 }));
    expect(headers).toMatchObject({ 'Upload-Defer-Length': '1', 'Upload-Offset': '3' });
    expect(headers).not.toHaveProperty('Upload-Length');
  });

  it('echoes metadata and Upload-Concat byte for byte (CRE-11, CON-03, CON-18)', () => {
    const rawMetadata = 'b QQ, a ';
    const concat = 'final;http://h/files/b  /files/a';
    expect(headHeaders(upload({ rawMetadata, concat }))).toMatchObject({
      'Upload-Metadata': rawMetadata,
      'Upload-Concat': concat,
    });
  });

  it.each(unfinished)('has no offset for a final that is %s, but its length (CON-19, CON-20)', (state) => {
    const headers = headHeaders(upload({ kind: 'final', state, length: 11, concat: 'final;a' }));
    expect(headers).toMatchObject({ 'Upload-Length': '11' });
    expect(headers).not.toHaveProperty('Upload-Offset');
  });

  it('says that the length of a final is not computable yet (CON-20)', () => {
    const headers = headHeaders(upload({ kind: 'final', state: 'pending', length: null }));
    expect(headers).toMatchObject({ 'Upload-Defer-Length': '1' });
  });

  it('has offset = length for a merged final (CON-19)', () => {
    const merged = upload({ kind: 'final', state: 'complete', length: 11, offset: 11 });
    expect(headHeaders(merged)).toMatchObject({ 'Upload-Offset': '11', 'Upload-Length': '11' });
  });
});

describe('the answer to a creation', () => {
  it('always has an offset for an upload that takes bytes (CRE-05)', () => {
    expect(createdHeaders(upload({ length: null }), '/files/a')).toEqual({
      Location: '/files/a',
      'Upload-Offset': '0',
    });
  });

  it('has offset and length of a merged final, and does not echo the list (CON-08)', () => {
    const merged = upload({ kind: 'final', state: 'complete', length: 11, offset: 11, concat: 'final;a b' });
    expect(createdHeaders(merged, '/files/a')).toEqual({
      Location: '/files/a',
      'Upload-Offset': '11',
      'Upload-Length': '11',
    });
  });

  it('has no offset of a final that is still being merged (CON-31)', () => {
    const merging = upload({ kind: 'final', state: 'merging', length: 11 });
    expect(createdHeaders(merging, '/files/a')).toEqual({ Location: '/files/a', 'Upload-Length': '11' });
  });
});

describe('the time at which an upload expires', () => {
  // Its parts of a second are left out: the upload is there at the time that it names.
  const expiresAt = new Date('2014-06-05T16:00:00.900Z');
  const date = 'Thu, 05 Jun 2014 16:00:00 GMT';

  it('stands in every answer about the upload, as HTTP writes dates (EXP-02, EXP-03)', () => {
    const expiring = upload({ expiresAt });
    for (const headers of [
      createdHeaders(expiring, '/files/a'),
      appendedHeaders(expiring),
      headHeaders(expiring),
      new OffsetConflictError(0, expiresAt.getTime()).headers,
      new UploadLockedError(expiresAt.getTime()).headers,
    ]) {
      expect(headers['Upload-Expires']).toBe(date);
    }
  });

  it('stands in none about an upload that never does', () => {
    for (const headers of [
      createdHeaders(upload({}), '/files/a'),
      appendedHeaders(upload({})),
      headHeaders(upload({})),
      new OffsetConflictError(0).headers,
      new UploadLockedError(null).headers,
    ]) {
      expect(headers).not.toHaveProperty('Upload-Expires');
    }
  });
});

describe('the answer to a PATCH', () => {
  it('has the new offset (CORE-11)', () => {
    expect(appendedHeaders(upload({ offset: 4 }))).toEqual({ 'Upload-Offset': '4' });
  });
});
