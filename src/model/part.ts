/** A piece of an upload that a storage keeps apart: a part of a multipart upload, a block, an object. */
export interface Part {
  /** Grows with each part of an upload, across writers, and so does that of tails, apart; never used for other bytes. */
  readonly number: number;
  /** Of the writer that made it. */
  readonly epoch: number;
  /** Where its bytes begin in the upload. */
  readonly start: number;
  /** Bytes. */
  readonly length: number;
  /**
   * What the store said of it (an ETag, a generation, a checksum: the storage's own words, at most 1,024 characters);
   * null while it is only announced.
   */
  readonly tag: string | null;
  /** A remainder too small for a part, kept as an object of its own until a part takes it up. */
  readonly tail: boolean;
}
