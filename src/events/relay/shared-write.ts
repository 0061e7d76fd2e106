/** Writes keys by one statement at a time: what comes while one is under way shares the next. */
export class SharedWrite {
  private keys: string[] = [];
  private next: Promise<void> | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly write: (keys: readonly string[]) => Promise<void>) {}

  /** Resolves when the key is written. @throws what its statement threw */
  add(key: string): Promise<void> {
    this.keys.push(key);
    this.next ??= this.after(this.last);
    return this.next;
  }

  private async after(last: Promise<unknown>): Promise<void> {
    await last.catch(() => undefined);
    const keys = this.keys;
    this.keys = [];
    const writing = this.write(keys);
    this.last = writing;
    this.next = undefined;
    await writing;
  }
}
