/** What one read of a socket brings at most. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Bytes of bodies that all uploads together may keep in memory. Whoever finds it used up reads no further until others
 * have written: more clients mean smaller batches, not more memory.
 */
export class BodyBudget {
  private used = 0;
  /** In the order in which they came. */
  private readonly waiting = new Set<() => void>();

  constructor(private readonly limit: number) {}

  get exhausted(): boolean {
    return this.used >= this.limit;
  }

  take(bytes: number): void {
    this.used += bytes;
  }

  /** Gives room back, and lets as many go on as it has room for a chunk of each. */
  give(bytes: number): void {
    this.used -= bytes;
    let room = Math.ceil((this.limit - this.used) / CHUNK_BYTES);
    for (const goOn of this.waiting) {
      if (room-- <= 0) return;
      this.waiting.delete(goOn);
      goOn();
    }
  }

  /** Calls back once there is room. */
  wait(goOn: () => void): void {
    this.waiting.add(goOn);
  }

  forget(goOn: () => void): void {
    this.waiting.delete(goOn);
  }
}
