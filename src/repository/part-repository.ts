import type { Part } from '../model/part.js';

/** Injection token of the parts of one registration. */
export const PART_REPOSITORY = Symbol('nestjs-tus:part-repository');

/** The parts of uploads that storages put on record: a row each, apart from the row of the upload. */
export interface PartRepository {
  /** In the order of their numbers. */
  list(uploadId: string): Promise<Part[]>;

  /**
   * Inserts parts, or replaces those of the same numbers: one statement, all or nothing, for as many as 500; more go in
   * several, in their order. False, and nothing is changed, unless the upload is leased under this epoch.
   */
  record(uploadId: string, epoch: number, parts: readonly Part[]): Promise<boolean>;

  /** Without numbers all of them. Idempotent, and not bound to an epoch: what a part named is gone for everybody. */
  forget(uploadId: string, numbers?: readonly number[]): Promise<void>;
}
