/** A piece of work for something that is claimed. */
export interface Task {
  readonly key: string;
  /** Never rejects. */
  run(): Promise<void>;
  /** Keeps the claim until it runs. */
  hold(): void;
  /** Lets the claim run out. */
  drop(): void;
}

/** Tasks that wait in memory at most. */
const WAITING = 1_000;

/** Runs so many tasks at once; others wait for their turn. */
export class Slots {
  private readonly running = new Map<string, Promise<void>>();
  private readonly waiting = new Map<string, Task>();
  private stopped = false;

  constructor(
    private readonly count: number,
    /** Called when a task has ended, and none waits. */
    private readonly onFree: () => void,
  ) {}

  get free(): number {
    return this.count - this.running.size;
  }

  /** False if it was left out, because too many wait. One that runs or waits already is not run twice. */
  take(task: Task): boolean {
    if (this.stopped || this.running.has(task.key) || this.waiting.has(task.key)) return true;
    if (this.free > 0) this.begin(task);
    else if (this.waiting.size < WAITING) {
      this.waiting.set(task.key, task);
      task.hold();
    } else return false;
    return true;
  }

  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running.values());
  }

  /** Begins no more tasks, and lets go of those that wait. */
  close(): void {
    this.stopped = true;
    for (const task of this.waiting.values()) task.drop();
    this.waiting.clear();
  }

  private begin(task: Task): void {
    const work = task.run().finally(() => {
      this.running.delete(task.key);
      if (!this.stopped) this.next();
    });
    this.running.set(task.key, work);
  }

  private next(): void {
    const [task] = this.waiting.values();
    if (!task) return this.onFree();
    this.waiting.delete(task.key);
    this.begin(task);
  }
}
