/** What comes within so many milliseconds shares a statement. */
const GATHER_MILLISECONDS = 25;

/** Writes keys, many by one statement: each by itself would cost a small upload a quarter of its time. */
export class SharedWrite {
  private keys: string[] = [];
  private next: Promise<void> | undefined;

  constructor(private readonly write: (keys: readonly string[]) => Promise<void>) {}

  /** Resolves when the key is written. @throws what its statement threw */
  add(key: string): Promise<void> {
    this.keys.push(key);
    return (this.next ??= this.gathered());
  }

  private async gathered(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, GATHER_MILLISECONDS));
    const { keys } = this;
    this.keys = [];
    this.next = undefined;
    await this.write(keys);
  }
}
