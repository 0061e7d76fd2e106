import type { Part } from '../model/part.js';

/** Injection token of the parts of one registration. */
export const PART_REPOSITORY = Symbol('nestjs-tus:part-repository');

/** The parts of uploads that storages put on record: a row each, apart from the row of the upload. */
export interface PartRepository {
  /**
   * In the order of their numbers. With `from` those that end there or later, or begin at 0, all tails, and of the others
   * the one with the highest number.
   */
  list(uploadId: string, from?: number): Promise<Part[]>;

  /**
   * Inserts parts, or replaces those of the same numbers: one statement, all or nothing, for as many as 500; more go in
   * several, in their order. False, and nothing is changed, unless the upload is leased under this epoch.
   */
  record(uploadId: string, epoch: number, parts: readonly Part[]): Promise<boolean>;

  /** Without numbers all of them. Idempotent, and not bound to an epoch: what a part named is gone for everybody. */
  forget(uploadId: string, numbers?: readonly number[]): Promise<void>;
}
