/** An upload that has begun, as it is remembered until it is complete. */
export interface UploadRecord {
  /** Random; letters, digits and `-`. */
  readonly id: string;
  /** Which file is uploaded, and where to. Letters and digits. */
  readonly fingerprint: string;
  /** The file as it was when the upload began; with another one it cannot be resumed. */
  readonly version: string;
  readonly endpoint: string;
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly createdAt: string;
  /** A URL for each range of the file, in its order; null for one that was not created yet. */
  readonly urls: readonly (string | null)[];
}

/** Remembers uploads, so that another process can go on with them. */
export interface UrlStore {
  /** All records with this fingerprint, in any order. */
  find(fingerprint: string): Promise<UploadRecord[]>;
  /** Adds the record, or replaces the one with its id; it has to survive a crash that follows. */
  save(record: UploadRecord): Promise<void>;
  /** Forgets the record; nothing happens if there is none. */
  remove(record: UploadRecord): Promise<void>;
}
