import type { BlobServiceClient } from '@azure/storage-blob';
import type { PartMemory } from '../parts/part-memory.js';
import type { AzureBlobSettings } from './blob-settings.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const DAY = 24 * 60 * 60 * 1000;

/** learn.microsoft.com/azure/storage/blobs/scalability-targets */
export const LARGEST_BLOCK = 4000 * MIB;
export const MOST_BLOCKS = 50_000;
/**
 * Azure takes blocks of any size, but only so many: what is smaller at the end of a request waits for more, so that many
 * small requests do not use them up.
 */
export const LEAST_BLOCK = 256 * KIB;
/**
 * Milliseconds that an upload may wait for its next byte. Azure keeps blocks that nobody commits for seven days, counted
 * from the newest one of the blob: the last bytes of an upload may be a tail, which is none, and came later.
 */
export const UNCOMMITTED_AGE = 6 * DAY;

export interface AzureStorageOptions {
  /**
   * The container that holds the blobs. It has to exist, and stays the same while the database knows uploads of it; of
   * several containers each has a storage of its own.
   */
  readonly container: string;
  /** Where the account is, and its key or a SAS. This or `client`. */
  readonly connectionString?: string;
  /**
   * A client of `@azure/storage-blob` that the application has made, for example with a credential of `@azure/identity`.
   * Its retries come on top of those of the storage: `retryOptions: { maxTries: 1 }` leaves them out.
   */
  readonly client?: BlobServiceClient;
  /**
   * Stands before every name in the container, as it is: a folder ends with "/". It stays the same while the database
   * knows uploads of it. Unfinished bytes are below `<prefix>.tus/`.
   * @default ''
   */
  readonly prefix?: string;
  /**
   * Bytes of a block, from 256 KiB to 4,000 MiB. Blocks of larger uploads are larger, so that 50,000 suffice.
   * @default 8 MiB
   */
  readonly partSize?: number;
  /**
   * How many blocks of one upload are sent at the same time. Each takes memory of its size, until the budget for parts
   * is used up.
   * @default 4
   */
  readonly partsInFlight?: number;
  /**
   * The budget for parts in memory; one that finds none goes to a temporary file.
   * @default 256 MiB, shared by all storages of the process
   */
  readonly memory?: PartMemory;
  /**
   * Whether a blob that has the key of an upload is replaced. Without it such an upload fails with 409.
   * @default false
   */
  readonly overwrite?: boolean;
  /**
   * Milliseconds that the store has to answer a small request; with a body it has more by its size, for copies and
   * commits five times as many. Each is tried six times.
   * @default 60000
   */
  readonly requestTimeout?: number;
  /**
   * Whether the start asks the store whether container and credentials are right, and fails with a sentence if not.
   * @default true
   */
  readonly checkContainer?: boolean;
  /**
   * What finished blobs are stored with: content type, metadata, tags, access tier, encryption …
   * @default what the account does by itself
   */
  readonly blob?: AzureBlobSettings;
}
