/** Bytes to be sent. */
export interface Body {
  readonly size: number;
  /** A piece is valid until the next one is asked for. */
  read(): AsyncIterable<Buffer>;
}

/** Bytes to be sent as one PATCH. */
export interface Chunk extends Body {
  /** The value of `Upload-Checksum`. */
  readonly checksum?: string;
}
