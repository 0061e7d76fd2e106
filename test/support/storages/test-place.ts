import type { StoragePlace } from '../../../src/testing/storage-place.js';

/** A place for uploads, with what tests over HTTP want to know of it besides. */
export interface TestPlace extends StoragePlace {
  /** A folder of this machine: that of the uploads themselves, or only of the database. */
  readonly directory: string;
  /** The database in that folder, at `.tus/uploads.sqlite`, where the storage does not bring one along. */
  readonly database?: { readonly path: string };
  /** The keys of all published objects. */
  objects(): Promise<string[]>;
  /** Removes an object behind the back of the storage. */
  dropObject(key: string): Promise<void>;
}
