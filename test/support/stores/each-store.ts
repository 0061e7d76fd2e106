import { afterAll, beforeAll, describe } from '@jest/globals';
import type { S3Kind } from '../s3-proxy/request-kind.js';
import { MINIO } from '../services/minio.js';
import { VERSITYGW } from '../services/versitygw.js';
import { withService } from '../services/with-service.js';
import { azureStore } from './azure-store.js';
import { gcsStore } from './gcs-store.js';
import type { ObjectStore, StoreApi } from './object-store.js';
import { s3Store } from './s3-store.js';

type Declare = <Kind extends string>(store: ObjectStore<Kind>) => void;

interface Options {
  /** Whether gibibytes come. */
  readonly large?: boolean;
  /** Only the stores of this one. */
  readonly api?: string | undefined;
}

/** Declares tests once for each store of objects. Each is started once. */
export function eachStore(declare: Declare, { api, ...options }: Options = {}): void {
  const wanted = (one: StoreApi) => api === undefined || api === one;
  if (wanted('s3')) eachS3Store(declare, options);
  if (wanted('gcs')) onStore(gcsStore(), declare, options);
  if (wanted('azure')) onStore(azureStore(), declare, options);
}

/** Only for those that speak S3. */
export function eachS3Store(declare: (store: ObjectStore<S3Kind>) => void, options: Options = {}): void {
  for (const service of [MINIO, VERSITYGW]) onStore(s3Store(service), declare, options);
}

function onStore<Kind extends string>(
  store: ObjectStore<Kind>,
  declare: (store: ObjectStore<Kind>) => void,
  options: Options,
): void {
  withService(store, () => {
    describe(`on ${store.name}`, () => {
      beforeAll(() => store.up(options));
      afterAll(() => store.down());
      declare(store);
    });
  });
}
