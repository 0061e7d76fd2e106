import { setImmediate } from 'node:timers/promises';
import type { RowChange } from './sql-connection.js';

export interface Work {
  readonly run: () => Promise<unknown>;
  /** What it does, if it is the change of one row and nothing else. */
  readonly change?: RowChange | undefined;
}

interface Entry {
  readonly work: Work;
  readonly shared: boolean;
  readonly settle: (result: PromiseSettledResult<unknown>) => void;
}

/** Works in one commit at most, so that the last of them does not wait for too many others. */
const MOST = 100;

/**
 * Stands before a connection that has room for one transaction. What comes while a commit is on its way to the disk
 * waits, and then shares the next one: the more there is to do, the less each costs. Whoever came first goes first.
 */
export class CommitQueue {
  private waiting: Entry[] = [];
  private running = false;

  /** `together` runs works that may share a commit, and tells of each how it ended; it never throws. */
  constructor(
    private readonly together: (works: readonly Work[]) => Promise<readonly PromiseSettledResult<unknown>[]>,
  ) {}

  /** Runs work that may share a commit. It may run again when the commit of all has failed. */
  shared<Result>(run: () => Promise<Result>, change?: RowChange): Promise<Result> {
    return this.enter({ run, change }, true);
  }

  /** Runs work while nothing else runs. */
  exclusive<Result>(run: () => Promise<Result>): Promise<Result> {
    return this.enter({ run }, false);
  }

  private enter<Result>(work: Work, shared: boolean): Promise<Result> {
    return new Promise((resolve, reject) => {
      const settle = (result: PromiseSettledResult<unknown>) =>
        result.status === 'fulfilled' ? resolve(result.value as Result) : reject(result.reason);
      this.waiting.push({ work, shared, settle });
      if (!this.running) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.running = true;
    for (let entries = this.next(); entries.length > 0; entries = this.next()) {
      const works = entries.map(({ work }) => work);
      const results = entries[0]?.shared
        ? await this.together(works)
        : await Promise.allSettled(works.map(async ({ run }) => run()));
      for (const [index, { settle }] of entries.entries()) {
        const result = results[index];
        if (result) settle(result);
      }
      // Who was just answered may want more at once, and a driver that is synchronous lets nothing else run.
      await setImmediate();
    }
    this.running = false;
  }

  private next(): Entry[] {
    const exclusive = this.waiting.findIndex(({ shared }) => !shared);
    const count = exclusive < 0 ? MOST : Math.min(MOST, Math.max(1, exclusive));
    return this.waiting.splice(0, count);
  }
}
