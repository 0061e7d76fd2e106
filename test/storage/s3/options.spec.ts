import { mkdtemp, rm } from 'node:fs/promises';
import { constants } from 'node:buffer';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { TusOptionError, UploadTooLargeError } from '../../../src/index.js';
import { S3Storage } from '../../../src/storage/s3/index.js';
import type { S3StorageOptions } from '../../../src/storage/s3/index.js';
import type { TusModuleOptions } from '../../../src/index.js';
import { TusApp } from '../../support/tus-app.js';

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
    [{ partSize: 5 * 1024 ** 2 - 1 }, 'whole bytes from 5 MiB (5242880) to'],
    [{ partSize: 5 * 1024 ** 3 + 1 }, 'the option "partSize"'],
    [{ partSize: constants.MAX_LENGTH + 1 }, 'the most that S3 and Node can hold'],
    [{ maxParts: 10_001 }, 'from 1 to 10000; it is 10001.'],
    [{ equalParts: 'yes' }, 'the option "equalParts" must be true or false; it is "yes".'],
    [{ partsInFlight: 0 }, 'the option "partsInFlight"'],
    [{ memory: 100 }, 'the option "memory" must be a PartMemory'],
    [{ requestTimeout: 0 }, 'the option "requestTimeout"'],
    [{ maxUnfinishedAge: '7d' }, 'whole milliseconds from 1 on; it is "7d".'],
    [{ object: 'x' }, 'the option "object"'],
    [{ object: { contentTyp: 'x' } }, '"object.contentTyp"'],
    [{ object: { metadata: { 'Tus-Upload': 'x' } } }, '"object.metadata"'],
    [
      { object: { checksumAlgorithm: 'XXHASH64' } },
      'must be one of CRC32, CRC32C, CRC64NVME, SHA1, SHA256; it is',
    ],
    [{ object: { checksumAlgorithm: 'MD5' } }, '"object.checksumAlgorithm"'],
    [{ bukket: 'x' }, 'the option "bukket" must be left out: there is no such option'],
  ])('%j', (options, message) => {
    const given = { bucket: 'uploads', ...options } as unknown as S3StorageOptions;
    expect(() => new S3Storage(given)).toThrow(TusOptionError);
    expect(() => new S3Storage(given)).toThrow(message);
  });
});

describe('unfinished uploads that the store removes by itself', () => {
  const started = async (expiration: TusModuleOptions['expiration']) => {
    const storage = new S3Storage({
      bucket: 'uploads',
      clientConfig,
      maxUnfinishedAge: 60 * 60 * 1000,
      checkBucket: false,
    });
    const directory = await mkdtemp(join(tmpdir(), 'nestjs-tus-s3-'));
    try {
      const app = await TusApp.start({
        directory,
        tus: { storage, database: { path: join(directory, 'db') }, expiration },
      });
      await app.stop();
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  };

  it.each([false, '2h', { completed: '1h' }] as const)(
    'must not be kept longer by the application (%j), which is said at start',
    async (expiration) => {
      await expect(started(expiration)).rejects.toThrow(
        /option "expiration.unfinished" is .*; use 3600000 ms or less: this storage keeps unfinished uploads no longer/,
      );
    },
  );

  it('may be kept as long as by the store', async () => {
    await started({ unfinished: '1h' });
  });
});

it('the value of an option that there is not stays out of the sentence: under a slip may be a secret', () => {
  const given = { bucket: 'b', secretAccesKey: 'hush' } as unknown as S3StorageOptions;
  expect(() => new S3Storage(given)).toThrow(
    /^S3Storage: the option "secretAccesKey" must be left out: there is no such option\.$/,
  );
});

it.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)('a checksum may be %s', (algorithm) => {
  const object = { checksumAlgorithm: algorithm };
  expect(() => new S3Storage({ bucket: 'uploads', clientConfig, object })).not.toThrow();
});

it('a function that names a checksum which the SDK does not calculate is found out before any byte comes', () => {
  const object = { checksumAlgorithm: () => 'SHA512' as const };
  const storage = new S3Storage({ bucket: 'uploads', clientConfig, object });
  const upload = { id: 'i', kind: 'single', key: 'k', length: 5, metadata: null } as const;
  expect(() => storage.check(upload)).toThrow(/"object.checksumAlgorithm" must be one of CRC32/);
});

it('secrets of a client stay out of the sentence', () => {
  const config = { credentials: { accessKeyId: 'a', secretAccessKey: 'hush' } };
  const given = { bucket: 'b', client: config } as unknown as S3StorageOptions;
  expect(() => new S3Storage(given)).toThrow(expect.not.objectContaining({ message: /hush/ }));
});

describe('an upload that is longer than any object', () => {
  const GIB = 1024 ** 3;
  const check =
    (length: number, options: Partial<S3StorageOptions> = {}) =>
    () =>
      new S3Storage({ bucket: 'uploads', clientConfig, ...options }).check({
        ...{ id: 'i', kind: 'single', key: 'k', length, metadata: null },
      });

  it.each([
    [{}, 50_000 * GIB],
    [{ maxParts: 1000 }, 5000 * GIB],
    [{ maxParts: 1000, equalParts: true }, 5000 * GIB],
  ])('is refused before any byte comes (%j)', (options, most) => {
    expect(check(most, options)).not.toThrow();
    expect(check(most + 1, options)).toThrow(new UploadTooLargeError(most));
  });
});

it('the options are left as they were', () => {
  const options = Object.freeze({ bucket: 'uploads', clientConfig: Object.freeze({ ...clientConfig }) });
  expect(() => new S3Storage(options)).not.toThrow();
});
