import { describe, expect, it } from '@jest/globals';
import { S3Client } from '@aws-sdk/client-s3';
import { OptionResultError } from '../../../src/index.js';
import type { NewStoredUpload } from '../../../src/index.js';
import { AzureStorage } from '../../../src/storage/azure/index.js';
import type { AzureBlobSettings } from '../../../src/storage/azure/index.js';
import { GcsStorage } from '../../../src/storage/gcs/index.js';
import type { GcsObjectSettings } from '../../../src/storage/gcs/index.js';
import { S3Storage } from '../../../src/storage/s3/index.js';
import type { S3ObjectSettings } from '../../../src/storage/s3/index.js';

const client = new S3Client({ region: 'us-east-1' });
const connectionString = `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${btoa('key')};EndpointSuffix=core.windows.net`;

const s3 = (object: S3ObjectSettings) => new S3Storage({ bucket: 'b', client, object });
const gcs = (object: GcsObjectSettings) => new GcsStorage({ bucket: 'b', object });
const azure = (blob: AzureBlobSettings) => new AzureStorage({ container: 'uploads', connectionString, blob });

const single: NewStoredUpload = { id: 'id', kind: 'single', key: 'key', length: 5, metadata: null };
const partial: NewStoredUpload = { ...single, kind: 'partial', key: null };

/** A value for which a setting is asked by a function. */
function given<T>(value: unknown): () => T {
  return () => value as T;
}

const conflict = (name: string) =>
  expect.objectContaining({ kind: 'conflict', message: expect.stringContaining(`${name}" must be`) });

describe('what the store would refuse of an object is refused before its upload is created', () => {
  it.each<[string, S3ObjectSettings]>([
    ['object.metadata', { metadata: given({ name: 'x'.repeat(1860) }) }],
    ['object.metadata', { metadata: given({ name: 'é'.repeat(800) }) }],
    ['object.metadata', { metadata: given({ 'na me': 'x' }) }],
    ['object.metadata', { metadata: given({ 'Tus-Upload': 'x' }) }],
    ['object.contentDisposition', { contentDisposition: given('attachment; filename="é"') }],
    ['object.contentType', { contentType: given('text/plain\r\nx: y') }],
    ['object.cacheControl', { cacheControl: given('\u0000') }],
    ['object.tags', { tags: given({ name: 'a;b' }) }],
    ['object.tags', { tags: given({ name: 'x'.repeat(257) }) }],
    ['object.tags', { tags: given(Object.fromEntries('abcdefghijk'.split('').map((name) => [name, '']))) }],
    ['object.storageClass', { storageClass: given('köld') }],
    ['object.tags', { tags: given({ 'aws:x': 'y' }) }],
    ['object.acl', { acl: given('nobody') }],
    ['object.encryption', { encryption: given('AES-X') }],
    ['object.checksumAlgorithm', { checksumAlgorithm: given('CRC16') }],
  ])('by S3: %s of %j', (name, settings) => {
    expect(() => s3(settings).check(single)).toThrow(conflict(name));
  });

  it.each<[string, GcsObjectSettings]>([
    ['object.metadata', { metadata: given({ name: 'x'.repeat(8029) }) }],
    ['object.metadata', { metadata: given({ 'tus-upload': 'x' }) }],
    ['object.contentDisposition', { contentDisposition: given('attachment; filename="é"') }],
  ])('by Google Cloud Storage: %s', (name, settings) => {
    expect(() => gcs(settings).check(single)).toThrow(conflict(name));
  });

  it.each<[string, AzureBlobSettings]>([
    ['blob.metadata', { metadata: given({ name: 'x'.repeat(8029) }) }],
    ['blob.metadata', { metadata: given({ name: 'é'.repeat(3100) }) }],
    ['blob.contentDisposition', { contentDisposition: given('attachment; filename="é"') }],
    ['blob.tags', { tags: given({ name: 'é' }) }],
  ])('by Azure: %s', (name, settings) => {
    expect(() => azure(settings).check(single)).toThrow(conflict(name));
  });

  it('and what they hold is not', () => {
    s3({
      contentDisposition: given(`attachment; filename*=UTF-8''%C3%A9`),
      metadata: given({ name: 'x'.repeat(1859) }),
      tags: given({ 'größe 1': 'a+b=c' }),
      storageClass: () => undefined,
    }).check(single);
    s3({ metadata: given(Object.assign(Object.create(null), { a: 'b' })) }).check(single);
    gcs({ metadata: given({ näme: 'x'.repeat(8027) }), customTime: given(new Date(0)) }).check(single);
    azure({ metadata: given({ name: 'x'.repeat(8028) }), tags: given({ a: 'b c' }) }).check(single);
  });
});

describe('a function among the settings that fails, or gives what is no value,', () => {
  const fails = () => {
    throw new TypeError('no such tenant');
  };

  it.each<[S3ObjectSettings, string]>([
    [{ contentType: fails }, '"storage.object.contentType" failed with TypeError: no such tenant'],
    [{ contentType: given(5) }, '"storage.object.contentType" returned 5; return text of printable ASCII'],
    [{ contentType: given(Promise.resolve('x')) }, 'returned an object'],
    [{ metadata: given({ size: 5 }) }, '"storage.object.metadata" returned an object; return texts by names'],
    [{ metadata: fails }, '"storage.object.metadata" failed with TypeError: no such tenant'],
    [{ tags: fails }, '"storage.object.tags" failed with TypeError: no such tenant'],
    [{ metadata: given(new Map([['a', 'b']])) }, '"storage.object.metadata" returned an object'],
    [{ metadata: given(Promise.resolve({ a: 'b' })) }, '"storage.object.metadata" returned an object'],
    [{ tags: given(new Date(0)) }, '"storage.object.tags" returned an object'],
    [{ tags: given('a=b') }, '"storage.object.tags" returned "a=b"'],
  ])('is a fault of the application (%j)', (settings, message) => {
    expect(() => s3(settings).check(single)).toThrow(OptionResultError);
    expect(() => s3(settings).check(single)).toThrow(message);
  });

  it('is one too where it gives a time that is none', () => {
    const storage = gcs({ customTime: given(new Date('never')) });
    expect(() => storage.check(single)).toThrow(
      '"storage.object.customTime" returned an object; return a valid',
    );
  });

  it('is told the upload, and for partials only asked for encryption', () => {
    const seen: unknown[] = [];
    const storage = s3({
      contentType: fails,
      encryption: (upload) => void seen.push({ ...upload, metadata: upload.metadata.toObject() }),
    });
    storage.check({ ...partial, metadata: 'a Yg==' });
    expect(seen).toEqual([{ id: 'id', kind: 'partial', key: null, length: 5, metadata: { a: 'b' } }]);
  });
});

it.each([
  [() => s3({ contentDisposition: 'filename="é"' }), '"object.contentDisposition" must be text of printable'],
  [
    () => s3({ metadata: { name: 'x'.repeat(1860) } }),
    '"object.metadata" must be texts by names for headers',
  ],
  [() => s3({ tags: given<never>('x')() as never }), '"object.tags" must be at most 10 texts'],
  [() => s3({ metadata: given<never>(new Map([['a', 'b']]))() }), '"object.metadata" must be texts by names'],
  [() => s3({ acl: given<never>('nobody')() }), '"object.acl" must be one of authenticated-read, '],
  [() => s3({ encryption: given<never>('AES-X')() }), '"object.encryption" must be one of AES256, '],
  [() => s3({ checksumAlgorithm: given<never>('md5')() }), '"object.checksumAlgorithm" must be one of '],
  [() => gcs({ customTime: new Date('never') }), '"object.customTime" must be a valid Date'],
  [() => azure({ tags: { 'a/é': 'b' } }), '"blob.tags" must be at most 10 texts'],
])('a setting that is no function is refused at construction (%#)', (construct, message) => {
  expect(construct).toThrow(message);
});
