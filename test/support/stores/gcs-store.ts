import { randomUUID } from 'node:crypto';
import { GcsStorage } from '../../../src/storage/gcs/index.js';
import { GcsProxy } from '../gcs-proxy/gcs-proxy.js';
import { GCS_KINDS } from '../gcs-proxy/request-kind.js';
import type { GcsKind } from '../gcs-proxy/request-kind.js';
import { RunningGcs } from '../services/each-gcs-service.js';
import { FAKE_GCS } from '../services/fake-gcs.js';
import { GcsBucket } from '../services/gcs-bucket.js';
import type { Bucket, ObjectStore } from './object-store.js';

const HASTY = { requestTimeout: 1_000, checkBucket: false };

export function gcsStore(): ObjectStore<GcsKind> {
  const suite = new RunningGcs();
  return {
    ...{ name: FAKE_GCS.name, found: FAKE_GCS.found, api: 'gcs', kinds: GCS_KINDS },
    completing: ['compose', 'get'],
    decisive: [
      ['insert'],
      ['insert', 'get'],
      ['compose'],
      ['compose', 'get'],
      ['delete'],
      ['delete', 'list'],
    ],
    patient: ['insert', 'get media'],
    up: (options) => suite.up(options),
    down: () => suite.down(),
    open: () => open(suite),
  };
}

async function open({ address, bucket: { client } }: RunningGcs): Promise<Bucket<GcsKind>> {
  const bucket = new GcsBucket(client, `test-${randomUUID()}`, '');
  await bucket.create();
  const proxy = await GcsProxy.start(address.apiEndpoint);
  const options = { bucket: bucket.name, clientConfig: { ...address, apiEndpoint: proxy.endpoint } };
  return {
    proxy,
    options: (settings = {}) => ({ ...options, ...settings }),
    storage: ({ hasty = false, ...settings } = {}) =>
      new GcsStorage({ ...options, ...settings, ...(hasty && HASTY) }),
    read: (key) => Promise.resolve(bucket.stream(key)),
    leftovers: () => bucket.names(),
    close: async () => {
      await proxy.stop();
      await bucket.empty();
      await client.bucket(bucket.name).delete();
    },
  };
}
