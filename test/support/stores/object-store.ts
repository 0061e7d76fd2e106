import type { UploadStorage } from '../../../src/storage/upload-storage.js';
import type { StoreProxy } from '../s3-proxy/s3-proxy.js';
import type { Service } from '../services/with-service.js';

/** Which storage speaks to a store. */
export type StoreApi = 's3' | 'gcs' | 'azure';

/** A store of objects that runs on this machine, between `up` and `down`. */
export interface ObjectStore<Kind extends string> extends Service {
  readonly api: StoreApi;
  /** All kinds of requests, as its proxy tells them apart. */
  readonly kinds: readonly Kind[];
  /** The request that makes an object of parts, and the one that looks whether it has. */
  readonly completing: readonly [make: Kind, look: Kind];
  /** Requests that are few among the others, and on which most depends; some of them answer for others. */
  readonly decisive: readonly (readonly Kind[])[];
  /** Requests that its storage gives so much time, whatever its options, that no test waits for its end. */
  readonly patient: readonly Kind[];
  /** @param large - whether gibibytes come, which do not belong into memory */
  up(options?: { readonly large?: boolean }): Promise<void>;
  down(): Promise<void>;
  /** A bucket of its own. */
  open(): Promise<Bucket<Kind>>;
}

export interface StorageSettings {
  readonly partSize?: number;
  /** Gives a small request a second, and looks at nothing at start: for a store that often fails. */
  readonly hasty?: boolean;
}

/** A bucket, or a container, with a proxy that counts what storages ask of it. */
export interface Bucket<Kind extends string> {
  readonly proxy: StoreProxy<Kind>;
  /** Of a storage whose requests pass through the proxy; JSON can carry them to another process. */
  options(settings?: Pick<StorageSettings, 'partSize'>): Readonly<Record<string, unknown>>;
  /** Such a storage. */
  storage(settings?: StorageSettings): UploadStorage;
  /** The bytes of an object, past the proxy. */
  read(key: string): Promise<AsyncIterable<Uint8Array>>;
  /** What is in it, finished or not, sorted. */
  leftovers(): Promise<string[]>;
  /** Removes it, and stops the proxy. */
  close(): Promise<void>;
}
