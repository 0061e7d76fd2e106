import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { S3Storage } from '../../../src/storage/s3/index.js';
import { formatReference } from '../../../src/storage/s3/reference.js';
import { content } from '../../support/content.js';
import { MIB, Row } from '../row.js';

interface Asked {
  readonly constructor: { readonly name: string };
  readonly input: { readonly Body?: Buffer; readonly Range?: string };
}

/** A storage before a store that gives answers which no real one can be made to give. */
function storageBefore(answer: (request: string, asked: Asked['input']) => object): S3Storage {
  const send = async ({ constructor, input }: Asked) => ({
    $metadata: { attempts: 1 },
    ...answer(constructor.name, input),
  });
  return new S3Storage({ bucket: 'bucket', client: { send } as unknown as S3Client });
}

describe('answers of S3 that are not whole', () => {
  it('takes a part that has got no ETag for one that is not stored', async () => {
    const row = new Row();
    const storage = storageBefore(() => ({ UploadId: 'id' }));
    const { failure } = await row.append(storage, content(9 * MIB));
    expect(failure).toMatchObject({ kind: 'unavailable', code: 'Error' });
    expect(row.offset).toBe(0);
    expect(row.list[0]).toMatchObject({ number: 1, tag: null });
  });

  it('reads a tail on from where it broke off, and not again', async () => {
    const row = new Row();
    const tails: Buffer[] = [];
    const ranges: (string | undefined)[] = [];
    const storage = storageBefore((request, { Body, Range }) => {
      if (request === 'PutObjectCommand' && Body) tails.push(Buffer.from(Body));
      if (request !== 'GetObjectCommand') return {};
      ranges.push(Range);
      return ranges.length === 1
        ? broken(tails[0], MIB)
        : { ContentLength: MIB, Body: Readable.from([tails[0]?.subarray(MIB)]) };
    });
    await row.append(storage, content(3 * MIB).subarray(0, 2 * MIB));
    const { failure } = await row.append(storage, content(3 * MIB).subarray(2 * MIB));
    expect(failure).toBeUndefined();
    expect(tails[1]?.equals(content(3 * MIB))).toBe(true);
    expect(ranges).toEqual([undefined, `bytes=${MIB}-${2 * MIB - 1}`]);
  });
});

describe('lists of S3', () => {
  it.each([
    ['without a place where they go on', {}],
    ['that begin again where they began', { NextKeyMarker: 'key', NextUploadIdMarker: 'a' }],
  ])('%s end with an error', async (_, marker) => {
    const storage = storageBefore(() => ({ IsTruncated: true, ...marker }));
    const row = new Row({ length: 10 });
    row.reference = formatReference({ doubtful: 1 });
    await expect(storage.discardWork(row.whole)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('ListMultipartUploads'),
    });
  });
});

/** An answer whose body ends with an error after so many bytes. */
function broken(bytes: Buffer = Buffer.alloc(0), after: number): object {
  async function* body() {
    yield bytes.subarray(0, after);
    throw new Error('The connection was reset.');
  }
  return { ContentLength: bytes.length, Body: Readable.from(body()) };
}
