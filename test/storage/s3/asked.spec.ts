import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { S3Storage } from '../../../src/storage/s3/index.js';
import type { S3StorageOptions } from '../../../src/storage/s3/index.js';
import { unsignedPayload } from '../../../src/storage/s3/unsigned-payload.js';
import { content } from '../../support/content.js';
import { MIB, Row } from '../row.js';
import { HeldStore } from './held-store.js';

interface Asked {
  readonly name: string;
  readonly ContentLength: number | undefined;
  /** Milliseconds for one try. */
  readonly requestTimeout: number;
}

/** A storage whose requests are noted with their limits, which no store gets to see. */
function watched(options: Partial<S3StorageOptions>, answer: (name: string) => object = () => ({})) {
  const asked: Asked[] = [];
  const send = async (
    { constructor, input }: { input: { ContentLength?: number } } & object,
    { requestTimeout }: { requestTimeout: number },
  ) => {
    const name = constructor.name.replace('Command', '');
    asked.push({ name, ContentLength: input.ContentLength, requestTimeout });
    const tag = { ETag: '"etag"' };
    return {
      ...{ ...tag, UploadId: 'id', CopyPartResult: tag, $metadata: { attempts: 1 } },
      ...answer(name),
    };
  };
  const storage = new S3Storage({ bucket: 'bucket', client: { send } as unknown as S3Client, ...options });
  return { storage, asked };
}

function refusal(name: string, httpStatusCode: number): Error {
  return Object.assign(new Error('said by the store'), { name, $metadata: { httpStatusCode } });
}

describe('the time that a request has', () => {
  it('is five times as long for copies and Complete, which work on whole objects', async () => {
    const { storage, asked } = watched({ requestTimeout: 1000 });
    const sources = Array.from({ length: 2 }, () => {
      const partial = new Row({ kind: 'partial', length: 6 * MIB });
      partial.offset = 6 * MIB;
      return partial.source();
    });
    const final = new Row({ kind: 'final' });
    await storage.concatenate(final.upload, sources, final.context());
    final.offset = 12 * MIB;
    await storage.complete(final.whole);
    expect(asked.map(({ name, requestTimeout }) => [name, requestTimeout])).toEqual([
      ['CreateMultipartUpload', 1000],
      ['UploadPartCopy', 5000],
      ['UploadPartCopy', 5000],
      ['CompleteMultipartUpload', 5000],
    ]);
  });

  it('grows with its body, by a second for each 128 KiB', async () => {
    const { storage, asked } = watched({ requestTimeout: 1000 });
    await new Row({ length: MIB }).send(storage, content(MIB));
    expect(asked).toMatchObject([{ name: 'PutObject', requestTimeout: 1000 + Math.ceil(MIB / 131) }]);
  });
});

describe('the option maxParts', () => {
  it('makes parts larger where the store allows fewer', async () => {
    const sizes = async (options: Partial<S3StorageOptions>) => {
      const { storage, asked } = watched(options);
      // 900 parts of 10 MiB: a tenth of the numbers is kept for gaps.
      const row = new Row({ length: 9000 * MIB });
      await row.append(storage, content(11 * MIB));
      return asked.filter(({ name }) => name === 'UploadPart').map((part) => part.ContentLength);
    };
    expect((await sizes({}))[0]).toBe(8 * MIB);
    expect((await sizes({ maxParts: 1000 }))[0]).toBe(10 * MIB);
  });

  it('holds for finals: where partials are more, neighbours share a part', async () => {
    const merged = async (options: Partial<S3StorageOptions>) => {
      const { storage } = watched(options, (name) => (name === 'GetObject' ? body() : {}));
      const partial = new Row({ kind: 'partial', length: 6 * MIB });
      partial.offset = 6 * MIB;
      const final = new Row({ kind: 'final' });
      const sources = Array.from({ length: 3 }, () => partial.source());
      await storage.concatenate(final.upload, sources, final.context());
      return final.list.length;
    };
    const body = () => ({ ContentLength: 6 * MIB, Body: Readable.from([content(6 * MIB)]) });
    expect(await merged({})).toBe(3);
    expect(await merged({ maxParts: 2 })).toBe(2);
  });
});

it.each(['ConditionalRequestConflict', 'OperationAborted'])(
  'a completion that meets another one (409 %s) is tried again',
  async (code) => {
    let refused = 0;
    const { storage, asked } = watched({}, (name) => {
      if (name === 'HeadObject') throw refusal('NotFound', 404);
      if (name === 'PutObject' && refused++ === 0) throw refusal(code, 409);
      return {};
    });
    await new Row({ length: 10 }).send(storage, content(10));
    expect(asked.map(({ name }) => name)).toEqual(['PutObject', 'HeadObject', 'PutObject']);
  },
);

describe('the signature of a body', () => {
  const sent = async (signPayload: boolean | undefined) => {
    const store = await HeldStore.start();
    const { clientConfig } = store;
    const storage = new S3Storage({
      ...{ bucket: 'bucket', clientConfig },
      ...(signPayload !== undefined && { signPayload }),
    });
    await new Row({ length: 9 * MIB }).send(storage, content(9 * MIB));
    await new Row({ length: 10 }).send(storage, content(10));
    await store.stop();
    const bodies = store.requests.filter(({ kind }) => ['UploadPart', 'PutObject'].includes(kind));
    expect(bodies).toHaveLength(3);
    return new Set(
      bodies.map(({ headers }) => String(headers['x-amz-content-sha256']).replace(/^[0-9a-f]{64}$/, 'hash')),
    );
  };

  it.each([
    [true, 'hash'],
    [undefined, 'hash'],
    [false, 'UNSIGNED-PAYLOAD'],
  ])('where "signPayload" is %s and the connection not encrypted: %s', async (signPayload, expected) => {
    expect(await sent(signPayload)).toEqual(new Set([expected]));
  });

  it.each([
    [true, undefined],
    [undefined, 'UNSIGNED-PAYLOAD'],
    [false, 'UNSIGNED-PAYLOAD'],
  ])('where "signPayload" is %s and the connection encrypted: %s', (signPayload, expected) => {
    const headers: Record<string, string> = {};
    const request = { protocol: 'https:', body: Buffer.alloc(1), headers };
    unsignedPayload(signPayload)(() => undefined)({ request });
    expect(headers['x-amz-content-sha256']).toBe(expected);
  });
});
