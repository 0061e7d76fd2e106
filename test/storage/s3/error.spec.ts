import { describe, expect, it } from '@jest/globals';
import { s3Error } from '../../../src/storage/s3/s3.error.js';

function answer(name: string, httpStatusCode?: number): Error {
  return Object.assign(new Error('said by the store'), { name, $metadata: { httpStatusCode } });
}

describe('what an answer of S3 means', () => {
  it.each([
    ['UploadPart', answer('NoSuchUpload', 404), 'missing'],
    ['CompleteMultipartUpload', answer('InvalidPart', 400), 'missing'],
    ['HeadObject', answer('NotFound', 404), 'missing'],
    ['GetObject', answer('NoSuchKey', 404), 'missing'],
    ['PutObject', answer('PreconditionFailed', 412), 'conflict'],
    ['PutObject', answer('XMinioStorageFull', 507), 'full'],
    ['PutObject', answer('NoSuchBucket', 404), 'unavailable'],
    ['PutObject', answer('InvalidStorageClass', 400), 'refused'],
    ['PutObject', answer('InvalidTag', 400), 'refused'],
    ['CreateMultipartUpload', answer('InvalidArgument', 400), 'refused'],
    ['CreateMultipartUpload', answer('InvalidRequest', 400), 'refused'],
    ['CompleteMultipartUpload', answer('EntityTooLarge', 400), 'refused'],
    ['UploadPart', answer('InvalidRequest', 400), 'unavailable'],
    ['PutObject', answer('RequestTimeout', 400), 'unavailable'],
    ['PutObject', answer('SlowDown', 503), 'unavailable'],
    ['PutObject', answer('TimeoutError'), 'unavailable'],
  ])('%s: %s is “%s”', (request, error, kind) => {
    expect(s3Error(request, error)).toMatchObject({ kind, code: error.name, cause: error });
  });

  it('does not take the 404 of a proxy that does not know the store for lost bytes', () => {
    expect(s3Error('UploadPart', answer('UnknownError', 404)).kind).toBe('unavailable');
  });
});
