/** So many are remembered at most: what another process has ended meanwhile is never forgotten by name. */
const REMEMBERED = 1_000;

export interface HeldBackDeps {
  /** Milliseconds for which an event is held back that has had so many faults. */
  readonly delay: (faults: number) => number;
  /** Lets go of its claim. */
  readonly drop: (key: string) => void;
}

/** Claimed events whose outcome the database did not take: kept for a growing time, so that hooks are not called on end. */
export class HeldBack {
  private readonly faults = new Map<string, number>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private closed = false;

  constructor(private readonly deps: HeldBackDeps) {}

  /** Lets go of it after a while. It must be claimed until then. */
  add(key: string): void {
    const faults = (this.faults.get(key) ?? 0) + 1;
    if (this.faults.size >= REMEMBERED) this.faults.clear();
    this.faults.set(key, faults);
    if (this.closed) return this.deps.drop(key);
    const timer = setTimeout(() => this.release(key), this.deps.delay(faults));
    this.timers.set(key, timer.unref());
  }

  /** The database has taken its outcome. */
  forget(key: string): void {
    this.faults.delete(key);
  }

  /** Lets go of all that is held, at once and from now on. */
  close(): void {
    this.closed = true;
    for (const key of [...this.timers.keys()]) this.release(key);
  }

  private release(key: string): void {
    clearTimeout(this.timers.get(key));
    this.timers.delete(key);
    this.deps.drop(key);
  }
}
