import { Storage } from '@google-cloud/storage';
import { describe, expect, it } from '@jest/globals';
import { TusOptionError } from '../../../src/index.js';
import { GcsStorage } from '../../../src/storage/gcs/index.js';
import type { GcsStorageOptions } from '../../../src/storage/gcs/index.js';
import { content } from '../../support/content.js';
import { GcsProxy } from '../../support/gcs-proxy/gcs-proxy.js';
import { onFakeGcs } from '../../support/services/each-gcs-service.js';
import { MIB, read, Row } from '../row.js';

describe('an option that is wrong is named at construction', () => {
  it.each([
    [{ bucket: '' }, 'the option "bucket" must be the name of a bucket'],
    [{ bucket: undefined }, 'the option "bucket"'],
    [{ bucket: 'gs://a' }, 'without gs://'],
    [{ client: {} }, 'the option "client" must be a client'],
    [{ client: new Storage(), clientConfig: {} }, '"clientConfig" must be left out'],
    [{ clientConfig: 'x' }, 'the option "clientConfig"'],
    [{ prefix: '/a' }, 'the option "prefix"'],
    [{ prefix: 'a//' }, 'the option "prefix"'],
    [{ partSize: 1 }, 'whole bytes from 256 KiB (262144) to 1 GiB'],
    [{ partsInFlight: 0 }, 'the option "partsInFlight"'],
    [{ memory: 100 }, 'the option "memory" must be a PartMemory'],
    [{ overwrite: 'yes' }, 'the option "overwrite" must be true or false; it is "yes".'],
    [{ requestTimeout: 0 }, 'the option "requestTimeout"'],
    [{ object: 'x' }, 'the option "object"'],
    [{ object: { contentTyp: 'x' } }, '"object.contentTyp"'],
    [{ object: { metadata: { 'tus-upload': 'x' } } }, '"object.metadata"'],
    [{ bukket: 'x' }, 'the option "bukket" must be left out: there is no such option'],
  ])('%j', (options, message) => {
    const given = { bucket: 'uploads', ...options } as unknown as GcsStorageOptions;
    expect(() => new GcsStorage(given)).toThrow(TusOptionError);
    expect(() => new GcsStorage(given)).toThrow(message);
  });
});

it('secrets of a client stay out of the sentence', () => {
  const given = {
    bucket: 'b',
    client: { credentials: { private_key: 'hush' } },
  } as unknown as GcsStorageOptions;
  expect(() => new GcsStorage(given)).toThrow(expect.not.objectContaining({ message: /hush/ }));
});

describe('a key that the store cannot hold is refused', () => {
  const storage = new GcsStorage({ bucket: 'b', prefix: 'p/' });
  it.each(['', '.tus/x', 'a//b', '../a', 'a/.', 'a\nb', '\uD800', 'x'.repeat(1023)])('%j', (key) => {
    expect(() => storage.checkKey(key)).toThrow(expect.objectContaining({ kind: 'conflict' }));
  });
  it.each(['a', 'a/é 漢+%&?#', 'x'.repeat(1022)])('but not %j', (key) => {
    expect(() => storage.checkKey(key)).not.toThrow();
  });
});

onFakeGcs((suite) => {
  it('the start succeeds where the bucket is, and names what is wrong where it is not', async () => {
    const clientConfig = suite.address;
    await new GcsStorage({ bucket: suite.bucket.name, clientConfig }).start();
    const wrong = new GcsStorage({ bucket: 'another', clientConfig });
    await expect(wrong.start()).rejects.toThrow(/"bucket" is another, .* create it/);
    await new GcsStorage({ bucket: 'another', clientConfig, checkBucket: false }).start();
  });

  it('the start says so where there are no credentials', async () => {
    const clientConfig = {
      ...suite.address,
      ...{ useAuthWithCustomEndpoint: true, keyFilename: '/nowhere/key.json' },
    };
    const storage = new GcsStorage({ bucket: suite.bucket.name, clientConfig });
    await expect(storage.start()).rejects.toThrow(/give the right credentials/);
  }, 60_000);

  it('credentials that never come are an error after a while, like an answer that never comes', async () => {
    const client = new Storage({ ...suite.address, useAuthWithCustomEndpoint: true });
    client.authClient.getClient = () => new Promise(() => undefined);
    const storage = new GcsStorage({ bucket: suite.bucket.name, client, requestTimeout: 5 });
    await expect(storage.start()).rejects.toThrow(/AbortError|aborted/);
  }, 60_000);

  it('every request carries the credentials of the client, which the library keeps fresh', async () => {
    const proxy = await GcsProxy.start(suite.address.apiEndpoint);
    const client = new Storage({
      ...suite.address,
      ...{ apiEndpoint: proxy.endpoint, useAuthWithCustomEndpoint: true },
    });
    const identity = client.authClient.fromJSON({
      ...{ type: 'authorized_user', client_id: 'c', client_secret: 's', refresh_token: 'r' },
    });
    identity.setCredentials({ access_token: 'the-token', expiry_date: Date.now() + 3_600_000 });
    client.authClient.cachedCredential = identity as never;
    const storage = new GcsStorage({ bucket: suite.bucket.name, client });
    await storage.start();
    const row = new Row({ length: 9 * MIB });
    await row.send(storage, content(9 * MIB));
    expect((await read(storage, row.whole)).equals(content(9 * MIB))).toBe(true);
    await storage.remove(row.take().whole, true);

    const headers = proxy.requests.map((request) => request.headers.authorization);
    expect(proxy.tally()).toEqual({ list: 2, insert: 2, get: 3, compose: 1, 'get media': 1, delete: 1 });
    expect(new Set(headers)).toEqual(new Set(['Bearer the-token']));
    await proxy.stop();
  });
});
