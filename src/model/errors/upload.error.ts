/**
 * Something that a client did wrong, or a state of the server that it has to respect. Carries what the answer
 * needs: a status, a stable code, one sentence that helps, and headers.
 */
export abstract class UploadError extends Error {
  /** HTTP status of the answer. */
  abstract readonly status: number;
  /** Stable, for programs; the message is for people and may change. */
  abstract readonly code: string;
  /** Response headers that belong to this error, for example `Retry-After`. */
  readonly headers: Readonly<Record<string, string>> = {};

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
