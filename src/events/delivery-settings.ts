/** How often, when, and how many at once `OnUploadComplete` is called. */
export interface DeliverySettings {
  /** Calls of one provider for one upload before it is given up. */
  readonly attempts: number;
  /** Milliseconds from the first failure to the second call; doubled with each failure. */
  readonly firstDelay: number;
  /** Milliseconds between two calls at most. */
  readonly longestDelay: number;
  /** Uploads whose hooks run at once in this process. */
  readonly concurrency: number;
  /** Whether events are marked although this process has no hook. */
  readonly elsewhere: boolean;
}
