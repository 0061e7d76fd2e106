import type { UploadStorage } from '../storage/upload-storage.js';

/** Where a storage keeps bytes, seen from outside: a folder, a bucket. Nothing else is in it. */
export interface StoragePlace {
  /** A storage on this place, as one process has it. Several are used at once. */
  open(): UploadStorage;
  /** The bytes under a key; undefined where nothing is published. */
  object(key: string): Promise<Buffer | undefined>;
  /** Puts somebody else's object under a key. */
  putObject(key: string, bytes: Buffer): Promise<void>;
  /** Names of all that is stored besides published objects: working files and objects, multipart uploads, blocks. */
  leftovers(): Promise<readonly string[]>;
  /** Removes the place with everything in it. */
  close(): Promise<void>;
}

export interface StorageFactory {
  create(): Promise<StoragePlace>;
}
