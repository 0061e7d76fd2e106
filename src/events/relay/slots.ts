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
/** Tasks wait no longer than this without that any of those that run has ended. */
const PATIENCE_MILLISECONDS = 30_000;

export interface SlotsDeps {
  /** Tasks that run at once. */
  readonly count: number;
  /** Called when a task has ended, and none waits. */
  readonly onFree: () => void;
  /** Called when those that waited were let go, because none that runs comes to an end. */
  readonly onStuck: () => void;
}

interface Running {
  readonly work: Promise<void>;
  /** By the clock of `performance.now`. */
  readonly since: number;
}

/** Runs so many tasks at once; others wait for their turn, as long as there is one. */
export class Slots {
  private readonly running = new Map<string, Running>();
  private readonly waiting = new Map<string, Task>();
  private timer: NodeJS.Timeout | undefined;
  /** What waited was let go, and no place has come free since. */
  private stuck = false;
  private stopped = false;

  constructor(private readonly deps: SlotsDeps) {}

  get free(): number {
    return this.deps.count - this.running.size;
  }

  /** Places that are free, or may be soon: those of tasks that run for long are not counted on. */
  get moving(): number {
    const before = performance.now() - PATIENCE_MILLISECONDS;
    const hanging = [...this.running.values()].filter(({ since }) => since <= before);
    return this.deps.count - hanging.length;
  }

  /** False if it was left out, because too many wait, or in vain. One that runs or waits already is not run twice. */
  take(task: Task): boolean {
    if (this.stopped || this.running.has(task.key) || this.waiting.has(task.key)) return true;
    if (this.free > 0) this.begin(task);
    else if (!this.stuck && this.waiting.size < WAITING) {
      this.waiting.set(task.key, task);
      task.hold();
      this.timer ??= setTimeout(() => this.giveUp(), PATIENCE_MILLISECONDS).unref();
    } else return false;
    return true;
  }

  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.all([...this.running.values()].map(({ work }) => work));
  }

  /** Begins no more tasks, and lets go of those that wait. */
  close(): void {
    this.stopped = true;
    this.letGo();
  }

  private begin(task: Task): void {
    const work = task.run().finally(() => {
      this.running.delete(task.key);
      this.stuck = false;
      if (!this.stopped) this.next();
    });
    this.running.set(task.key, { work, since: performance.now() });
  }

  private next(): void {
    const [task] = this.waiting.values();
    if (!task) return this.deps.onFree();
    this.waiting.delete(task.key);
    if (this.waiting.size === 0) this.stopTimer();
    else this.timer?.refresh();
    this.begin(task);
  }

  /** What waits is for whoever has time: another process perhaps, or this one when a place is free. */
  private giveUp(): void {
    this.stuck = true;
    this.letGo();
    this.deps.onStuck();
  }

  private letGo(): void {
    this.stopTimer();
    for (const task of this.waiting.values()) task.drop();
    this.waiting.clear();
  }

  private stopTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
