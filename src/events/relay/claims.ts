const RENEW_MILLISECONDS = 1_000;

/** What this process is at work on, by its key: its claims are extended each second. */
export class Claims<Claim> {
  private readonly held = new Map<string, Claim>();
  private timer: NodeJS.Timeout | undefined;
  private renewing = false;

  constructor(private readonly renew: (claims: readonly Claim[]) => Promise<void>) {}

  has(key: string): boolean {
    return this.held.has(key);
  }

  hold(key: string, claim: Claim): void {
    this.held.set(key, claim);
    this.timer ??= setInterval(() => void this.extend(), RENEW_MILLISECONDS).unref();
  }

  drop(key: string): void {
    this.held.delete(key);
    if (this.held.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** One at a time: while a database stands still, they would fill the queue of its pool. */
  private async extend(): Promise<void> {
    if (this.renewing) return;
    this.renewing = true;
    try {
      await this.renew([...this.held.values()]);
    } catch {
      // A claim that could not be extended runs out, and the event is delivered once more.
    } finally {
      this.renewing = false;
    }
  }
}
