import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { S3Storage } from '../../../src/storage/s3/index.js';
import type { S3StorageOptions } from '../../../src/storage/s3/index.js';

const clientConfig = { region: 'us-east-1' };

describe('an option that is wrong is named at construction', () => {
  it.each([
    [{ bucket: '' }, 'the option "bucket" must be the name of a bucket'],
    [{ bucket: undefined }, 'the option "bucket"'],
    [{ bucket: 'a/b' }, 'the option "bucket"'],
    [{ client: {} }, 'the option "client" must be a client'],
    [{ client: new S3Client(clientConfig), clientConfig }, '"clientConfig" must be left out'],
    [{ clientConfig: 'x' }, 'the option "clientConfig"'],
    [{ prefix: '/a' }, 'the option "prefix"'],
    [{ prefix: 'a//' }, 'the option "prefix"'],
    [{ prefix: 'a\n' }, 'the option "prefix"'],
    [{ partSize: 5 * 1024 ** 2 - 1 }, 'whole bytes from 5 MiB (5242880) to 5 GiB'],
    [{ partSize: 1e10 }, 'the option "partSize"'],
    [{ maxParts: 10_001 }, 'from 1 to 10000; it is 10001.'],
    [{ equalParts: 'yes' }, 'the option "equalParts" must be true or false; it is "yes".'],
    [{ partsInFlight: 0 }, 'the option "partsInFlight"'],
    [{ memory: 100 }, 'the option "memory" must be a PartMemory'],
    [{ requestTimeout: 0 }, 'the option "requestTimeout"'],
    [{ object: 'x' }, 'the option "object"'],
    [{ object: { contentTyp: 'x' } }, '"object.contentTyp"'],
    [{ object: { metadata: { 'Tus-Upload': 'x' } } }, '"object.metadata"'],
    [{ bukket: 'x' }, 'the option "bukket" must be left out: there is no such option'],
  ])('%j', (options, message) => {
    const given = { bucket: 'uploads', ...options } as unknown as S3StorageOptions;
    expect(() => new S3Storage(given)).toThrow(TypeError);
    expect(() => new S3Storage(given)).toThrow(message);
  });
});

it('secrets of a client stay out of the sentence', () => {
  const config = { credentials: { accessKeyId: 'a', secretAccessKey: 'hush' } };
  const given = { bucket: 'b', client: config } as unknown as S3StorageOptions;
  expect(() => new S3Storage(given)).toThrow(expect.not.objectContaining({ message: /hush/ }));
});

it('the options are left as they were', () => {
  const options = Object.freeze({ bucket: 'uploads', clientConfig: Object.freeze({ ...clientConfig }) });
  expect(() => new S3Storage(options)).not.toThrow();
});
