/** What kept this client from doing what it was asked for. The message is a sentence for a person. */
export abstract class TusClientError extends Error {
  /** Stable, for programs; the message is for people and may change. */
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
