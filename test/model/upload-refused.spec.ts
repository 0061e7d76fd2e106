import { expect, it } from '@jest/globals';
import { UploadRefusedError } from '../../src/index.js';

it.each([200, 302, 399, 600, 422.5, NaN])('a refusal cannot have the status %d', (status) => {
  expect(() => new UploadRefusedError('No.', { status })).toThrow(
    new TypeError(`UploadRefusedError: status ${status} refuses nothing; use one from 400 to 599.`),
  );
});

it.each([400, 422, 503, 599])('a refusal may have the status %d', (status) => {
  expect(new UploadRefusedError('No.', { status })).toMatchObject({ status, keep: false, headers: {} });
});

it.each(['Upload-Offset', 'tus-resumable', 'Location', 'Content-Length', 'Connection'])(
  'a refusal has no say in %s',
  (name) => {
    expect(() => new UploadRefusedError('No.', { headers: { [name]: '7' } })).toThrow(
      new TypeError(`UploadRefusedError: the header "${name}" is said by the protocol alone; leave it out.`),
    );
  },
);

it.each([
  ['X-Why', 'a\nb', 'has a value that cannot be sent'],
  ['X-Why', 'a\0', 'has a value that cannot be sent'],
  ['X-Why', '…', 'has a value that cannot be sent'],
  ['X-Why', 7 as unknown as string, 'has a value that cannot be sent'],
  ['X Why', 'a', 'has no name that can be sent'],
  ['', 'a', 'has no name that can be sent'],
])('a refusal has no header that cannot be sent: %j with %j', (name, value, sentence) => {
  expect(() => new UploadRefusedError('No.', { headers: { [name]: value } })).toThrow(sentence);
});

it('a refusal may have other headers', () => {
  const headers = { 'Retry-After': '7', 'X-Why': 'caf\u00e9' };
  expect(new UploadRefusedError('No.', { headers }).headers).toEqual(headers);
});
