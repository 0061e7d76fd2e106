/** Work that perhaps no client waits for any more. Shutdown does. */
export class Background {
  private readonly running = new Set<Promise<void>>();
  private readonly calls = new Set<Promise<unknown>>();

  constructor(private readonly onError: (error: unknown) => void) {}

  run(work: () => Promise<unknown>): void {
    const promise = work().then(
      () => undefined,
      (error: unknown) => this.onError(error),
    );
    const tracked = promise.finally(() => this.running.delete(tracked));
    this.running.add(tracked);
  }

  /** A call on somebody's behalf: that one may have hung up, and the call goes on. */
  async during<T>(call: Promise<T>): Promise<T> {
    this.calls.add(call);
    try {
      return await call;
    } finally {
      this.calls.delete(call);
    }
  }

  /** Resolves when no call is under way. What they have left to the background may go on. */
  async callsEnded(): Promise<void> {
    while (this.calls.size > 0) await Promise.allSettled(this.calls);
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }
}
