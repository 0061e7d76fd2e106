import { expect, it } from '@jest/globals';
import { MARKER } from '../../../src/storage/s3/marker.js';
import { objectHeaders, workHeaders } from '../../../src/storage/s3/object-settings.js';
import { Row } from '../row.js';

const filename = Buffer.from('é.mp4').toString('base64');

it('settings are values, or functions of the upload and its metadata', () => {
  const row = new Row({ length: 5, metadata: `filename ${filename}`, createdAt: 7 });
  const headers = objectHeaders(
    {
      contentType: 'video/mp4',
      contentDisposition: ({ id }) => `attachment; filename="${id}"`,
      cacheControl: () => undefined,
      metadata: ({ metadata }) => ({ name: metadata.get('filename') ?? '', plain: 'a b' }),
      tags: { project: 'a & b', kind: 'x' },
      encryption: 'aws:kms',
      kmsKeyId: 'key',
      acl: 'private',
      storageClass: ({ length }) => (length === 5 ? 'STANDARD_IA' : undefined),
      checksumAlgorithm: 'SHA256',
    },
    row.upload,
  );

  expect(headers).toEqual({
    ContentType: 'video/mp4',
    ContentDisposition: `attachment; filename="${row.id}"`,
    Metadata: { name: `=?UTF-8?B?${filename}?=`, plain: 'a b', [MARKER]: `${row.id} 7 0` },
    Tagging: 'project=a+%26+b&kind=x',
    ServerSideEncryption: 'aws:kms',
    SSEKMSKeyId: 'key',
    ACL: 'private',
    StorageClass: 'STANDARD_IA',
    ChecksumAlgorithm: 'SHA256',
  });
});

it('of the settings only encryption holds for what is not a finished object', () => {
  const settings = { contentType: 'video/mp4', acl: 'public-read', encryption: 'AES256' } as const;
  const partial = new Row({ kind: 'partial' });
  expect(workHeaders(settings, partial.upload)).toEqual({ ServerSideEncryption: 'AES256' });
  expect(objectHeaders(settings, partial.upload)).toEqual({
    ServerSideEncryption: 'AES256',
    Metadata: { [MARKER]: expect.stringContaining(partial.id) },
  });
});
