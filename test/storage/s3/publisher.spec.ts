import { expect, it } from '@jest/globals';
import { Keys } from '../../../src/storage/s3/keys.js';
import { MARKER, markerOf } from '../../../src/storage/s3/marker.js';
import { Publisher } from '../../../src/storage/s3/publisher.js';
import type { S3Api } from '../../../src/storage/s3/s3.api.js';
import { S3Error } from '../../../src/storage/s3/s3.error.js';
import { Row } from '../row.js';

const GONE = new S3Error('missing', 'The multipart upload is gone.', 'NoSuchUpload', { answered: true });

/** Of a store that shows an object only at so many looks. */
function publisherWith(heads: readonly (object | undefined)[]) {
  let looks = 0;
  const api = { head: async () => heads[Math.min(looks++, heads.length - 1)] } as unknown as S3Api;
  const publisher = new Publisher({ api, keys: new Keys(''), overwrite: false, conditionalWrites: true });
  return { publisher, looks: () => looks };
}

const { upload } = new Row({ length: 10 });
const object = { Metadata: { [MARKER]: markerOf(upload) }, ContentLength: 10, ETag: '"made"' };
const publication = { upload, since: upload.epoch };
const refused = () => Promise.reject(GONE);

it('A multipart upload that is gone, for another writer is completing it, is waited for until its object appears', async () => {
  const { publisher, looks } = publisherWith([undefined, undefined, object]);
  await expect(publisher.publish(publication, refused)).resolves.toBe('"made"');
  expect(looks()).toBe(3);
});

it('A multipart upload that is gone, and never becomes an object, is missing after a few looks', async () => {
  const { publisher, looks } = publisherWith([undefined]);
  await expect(publisher.publish(publication, refused)).rejects.toBe(GONE);
  expect(looks()).toBe(5);
});

it('After any other refusal one look is enough', async () => {
  const { publisher, looks } = publisherWith([undefined]);
  const full = new S3Error('full', 'No space.', 'QuotaExceeded', { answered: true });
  await expect(publisher.publish(publication, () => Promise.reject(full))).rejects.toBe(full);
  expect(looks()).toBe(1);
});
