import { expect, it } from '@jest/globals';
import { formatReference, parseReference } from '../../../src/storage/s3/reference.js';

it('what a row says of a multipart upload is read as it was written', () => {
  for (const reference of [
    {},
    { multipart: 'a"b' },
    { doubtful: 5 },
    { multipart: 'x', epoch: 2, doubtful: 5 },
  ]) {
    expect(parseReference(formatReference(reference))).toEqual(reference);
  }
  expect(parseReference(null)).toEqual({});
});

it.each([
  '',
  'a text',
  '3',
  'null',
  '{"multipart":1}',
  '{"epoch":"x"}',
  '{"doubtful":"x"}',
  '[{"epoch":1,"start":0}',
])('the words of another storage (%j) are said to be none of its own', (text) => {
  expect(() => parseReference(text)).toThrow(
    expect.objectContaining({ kind: 'missing', message: expect.stringContaining('S3Storage') }),
  );
});
