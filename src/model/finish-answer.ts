/** What `OnUploadFinish` adds to the answer of the request that completes an upload. */
export interface FinishAnswer {
  /** Response headers. Those of tus, `Location` and the framing stay what they are. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * The body: text, bytes, or what is sent as JSON. A PATCH is answered 200 with it, where it is 204 without. Its type is
   * `Content-Type` of `headers`; by default what fits.
   */
  readonly body?: string | Uint8Array | object;
}
