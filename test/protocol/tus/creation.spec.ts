import { describe, expect, it } from '@jest/globals';
import { isFinalCreation, parseCreation } from '../../../src/protocol/tus/creation.js';
import { TUS_EXTENSIONS } from '../../../src/protocol/tus/extensions.js';
import type { TusExtension } from '../../../src/protocol/tus/extensions.js';
import { headersOf } from '../header-reader.js';

function parse(headers: Record<string, string>, extensions: readonly TusExtension[] = TUS_EXTENSIONS) {
  return parseCreation(headersOf(headers), {
    extensions,
    maxMetadataBytes: 64,
    maxPartials: 3,
    requestPath: '/files',
    endpointPaths: ['/files'],
  });
}

describe('a creation', () => {
  it('with a length is an ordinary upload (CRE-02)', () => {
    expect(parse({ 'Upload-Length': '5' }).command).toEqual({
      kind: 'single',
      length: 5,
      metadata: null,
      concat: null,
    });
  });

  it('may be empty (CRE-04)', () => {
    expect(parse({ 'Upload-Length': '0' }).command).toMatchObject({ length: 0 });
  });

  it('may say its length later (CRE-02)', () => {
    expect(parse({ 'Upload-Defer-Length': ' 1' }).command).toMatchObject({ kind: 'single', length: null });
  });

  it.each([
    ['no length at all', {}, 'Upload-Length: send it'],
    ['both lengths', { 'Upload-Length': '1', 'Upload-Defer-Length': '1' }, 'not both'],
    ['another deferred value (CRE-03)', { 'Upload-Defer-Length': '0' }, 'the only value is 1'],
    ['a malformed length (CORE-04)', { 'Upload-Length': '0, 0' }, 'decimal digits'],
  ])('with %s is refused with 400 (CRE-02)', (_, headers: Record<string, string>, message) => {
    const { refusal } = parse(headers);
    expect(refusal?.status).toBe(400);
    expect(refusal?.message).toContain(message);
  });

  it('with a length beyond 2^53 - 1 is refused with 413 (CORE-04)', () => {
    expect(parse({ 'Upload-Length': '9007199254740992' }).refusal?.status).toBe(413);
  });

  it('keeps its metadata exactly as received (CRE-11)', () => {
    const metadata = 'b QQ,a , c';
    expect(parse({ 'Upload-Length': '1', 'Upload-Metadata': metadata }).command?.metadata).toBe(metadata);
  });

  it('has no metadata when the header has no value (CRE-10)', () => {
    expect(parse({ 'Upload-Length': '1', 'Upload-Metadata': '' }).command?.metadata).toBeNull();
  });

  it.each(['a !', 'a QQ==,a QQ==', 'a  b', `a ${'A'.repeat(64)}`])(
    'with the metadata %j is refused (CRE-10)',
    (metadata) => {
      const { refusal } = parse({ 'Upload-Length': '1', 'Upload-Metadata': metadata });
      expect(refusal).toMatchObject({ status: 400, code: 'INVALID_METADATA' });
    },
  );

  it.each([
    ['Upload-Concat', { 'Upload-Concat': 'partial', 'Upload-Length': '1' }, 'concatenation'],
    ['Upload-Defer-Length', { 'Upload-Defer-Length': '1' }, 'creation-defer-length'],
  ])(
    'with %s is refused where its extension is off (OPT-08)',
    (_, headers: Record<string, string>, extension) => {
      expect(parse(headers, ['creation']).refusal).toMatchObject({ status: 400, extension });
    },
  );
});

describe('a partial', () => {
  it('is made by Upload-Concat: partial, with or without a length (CON-01)', () => {
    const partial = { 'Upload-Concat': ' partial ' };
    expect(parse({ ...partial, 'Upload-Length': '0' }).command).toMatchObject({ kind: 'partial', length: 0 });
    expect(parse({ ...partial, 'Upload-Defer-Length': '1' }).command).toMatchObject({
      kind: 'partial',
      length: null,
      concat: 'partial',
    });
  });

  it('needs a length header like any upload (CON-01)', () => {
    expect(parse({ 'Upload-Concat': 'partial' }).refusal?.status).toBe(400);
  });
});

describe('a final', () => {
  it('names its partials in order, and keeps the list as received (CON-07, CON-14, CON-18)', () => {
    const concat = 'final;/files/b  http://h/files/a /files/b';
    expect(parse({ 'Upload-Concat': concat, 'Upload-Metadata': 'a QQ==' }).command).toEqual({
      kind: 'final',
      partialIds: ['b', 'a', 'b'],
      metadata: 'a QQ==',
      concat,
    });
  });

  it.each(['Upload-Length', 'Upload-Defer-Length'])('says nothing of its length with %s (CON-09)', (name) => {
    const { refusal } = parse({ 'Upload-Concat': 'final;/files/a', [name]: '1' });
    expect(refusal).toMatchObject({ status: 400, header: name });
  });

  it.each([
    '',
    'Partial',
    'PARTIAL',
    'final',
    'final;',
    'final;  ',
    'finalfoo;/a',
    'Final;/files/a',
    'partial;/files/a',
  ])('is not made by the value %j (CON-02)', (value) => {
    expect(parse({ 'Upload-Concat': value }).refusal).toMatchObject({ status: 400, header: 'Upload-Concat' });
  });

  it('is known by its header before the list is read (CON-10)', () => {
    expect(isFinalCreation(headersOf({ 'Upload-Concat': 'final;' }))).toBe(true);
    expect(isFinalCreation(headersOf({ 'Upload-Concat': 'partial' }))).toBe(false);
    expect(isFinalCreation(headersOf({}))).toBe(false);
  });
});
