import type { Storage, StorageOptions } from '@google-cloud/storage';
import type { PartMemory } from '../parts/part-memory.js';
import type { GcsObjectSettings } from './object-settings.js';

const MIB = 1024 * 1024;
/** Bytes of the parts of large uploads at most, unless `partSize` is larger: several are in memory at once. */
export const LARGEST_PART = 32 * MIB;
/** Parts that a large upload is meant to have at most: its parts grow before their number does. */
export const PLANNED_PARTS = 10_000;
/** cloud.google.com/storage/quotas: an object has 5 TiB at most. */
export const LARGEST_OBJECT = 5 * 1024 ** 2 * MIB;
/** cloud.google.com/storage/docs/composite-objects */
export const MOST_SOURCES = 32;

export interface GcsStorageOptions {
  /**
   * The bucket that holds the objects. It has to exist, and stays the same while the database knows uploads of it; of
   * several buckets each has a storage of its own.
   */
  readonly bucket: string;
  /**
   * A client of `@google-cloud/storage` that the application has made: who it is, and where the store is, are taken from it.
   * @default one made of `clientConfig`
   */
  readonly client?: Storage;
  /**
   * What a client is made of: `projectId`, `keyFilename`, `credentials`, `apiEndpoint` … What is not said comes from the
   * environment (Application Default Credentials, `STORAGE_EMULATOR_HOST`).
   */
  readonly clientConfig?: StorageOptions;
  /**
   * Stands before every name in the bucket, as it is: a folder ends with "/". It stays the same while the database knows
   * uploads of it. Unfinished bytes are below `<prefix>.tus/`.
   * @default ''
   */
  readonly prefix?: string;
  /**
   * Bytes of a part, from 256 KiB to 1 GiB. Parts of uploads above 80 GB are larger, up to 32 MiB.
   * @default 8 MiB
   */
  readonly partSize?: number;
  /**
   * How many parts of one upload are sent at the same time. Each takes memory of its size, until the budget for parts is
   * used up.
   * @default 4
   */
  readonly partsInFlight?: number;
  /**
   * The budget for parts in memory; one that finds none goes to a temporary file.
   * @default 256 MiB, shared by all storages of the process
   */
  readonly memory?: PartMemory;
  /**
   * Whether an object that has the key of an upload is replaced. Without it such an upload fails with 409.
   * @default false
   */
  readonly overwrite?: boolean;
  /**
   * Milliseconds that the store has to answer a small request; with a body it has more by its size, for compose and
   * rewrite five times as many.
   * @default 60000
   */
  readonly requestTimeout?: number;
  /**
   * Whether the start asks the store whether bucket and credentials are right, and fails with a sentence if not.
   * @default true
   */
  readonly checkBucket?: boolean;
  /**
   * What finished objects are stored with: content type, metadata, storage class, encryption …
   * @default what the bucket does by itself
   */
  readonly object?: GcsObjectSettings;
}
