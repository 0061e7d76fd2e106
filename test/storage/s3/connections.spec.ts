import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clientOf } from '../../../src/storage/s3/client.js';
import { S3Storage } from '../../../src/storage/s3/index.js';
import { Requests } from '../../../src/storage/s3/requests.js';
import { content } from '../../support/content.js';
import { MIB, Row } from '../row.js';
import { HeldStore } from './held-store.js';

/** Requests at the same time. */
const MOST = 120;

describe('a storage before a store that takes its time', () => {
  let store: HeldStore;
  beforeEach(async () => {
    store = await HeldStore.start();
  });
  afterEach(() => store.stop());

  const storage = () => new S3Storage({ bucket: 'bucket', clientConfig: store.clientConfig });
  const send = (to: S3Storage, length: number) => new Row({ length }).send(to, content(length));

  it('has no request wait inside the SDK, which would count that as a connection that cannot be had', async () => {
    store.held = ['HeadObject'];
    const client = clientOf({ bucket: 'bucket', clientConfig: store.clientConfig });
    const asked = Array.from({ length: MOST + 20 }, () =>
      client
        .send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'key' }))
        .catch((error: Error) => error.name),
    );
    await store.have('HeadObject', MOST + 20);
    store.release();
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['NotFound']));
    client.destroy();
  });

  it('stores small uploads while the copies of many merges are under way', async () => {
    store.held = ['UploadPartCopy'];
    const to = storage();
    const partial = new Row({ kind: 'partial', length: 100 * MIB });
    partial.offset = 100 * MIB;
    const merges = Array.from({ length: MOST / 8 + 1 }, () => {
      const final = new Row({ kind: 'final' });
      return to.concatenate(
        final.upload,
        Array.from({ length: 8 }, () => partial.source()),
        final.context(),
      );
    });
    await store.have('UploadPartCopy', MOST);
    await Promise.all(Array.from({ length: 20 }, () => send(to, 10)));
    // Those of the last merge wait for their turn.
    expect(store.count('UploadPartCopy')).toBe(MOST);
    expect(store.count('PutObject')).toBe(20);

    store.release();
    await Promise.all(merges);
    expect(store.count('UploadPartCopy')).toBe(MOST + 8);
  });

  it('sends the parts of an upload over as many connections as it sends at a time', async () => {
    await send(storage(), 64 * MIB);
    expect(store.count('UploadPart')).toBe(8);
    expect(store.connections).toBeLessThanOrEqual(4);
    expect(store.requests.filter(({ headers }) => headers.expect !== undefined)).toEqual([]);
  });
});

describe('requests', () => {
  it.each([
    ['small ones', (requests: Requests, send: () => Promise<void>) => requests.small('HeadObject', send)],
    ['long ones', (requests: Requests, send: () => Promise<void>) => requests.long('Complete', send)],
    ['copies', (requests: Requests, send: () => Promise<void>) => requests.copy('UploadPartCopy', send)],
    [
      'those with a body',
      (requests: Requests, send: () => Promise<void>) =>
        requests.sending('PutObject', { body: Buffer.alloc(1), length: 1 }, send),
    ],
  ])('%s begin, and their time does, when fewer than 120 are under way', async (_, ask) => {
    const requests = new Requests(60_000);
    const ends: (() => void)[] = [];
    const send = () => new Promise<void>((resolve) => ends.push(resolve));
    const asked = Array.from({ length: MOST + 1 }, () => ask(requests, send));
    expect(ends).toHaveLength(MOST);
    ends[0]?.();
    await asked[0];
    expect(ends).toHaveLength(MOST + 1);
    for (const end of ends) end();
    await Promise.all(asked);
  });
});
