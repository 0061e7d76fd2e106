import { describe, expect, it } from '@jest/globals';
import { CommitQueue } from '../../src/repository/typeorm/commit-queue.js';
import type { Work } from '../../src/repository/typeorm/commit-queue.js';

/** Work that runs until it is told to end, and a list of what is running. */
class Running {
  readonly now: string[] = [];
  private readonly ends = new Map<string, () => void>();

  work(name: string): () => Promise<string> {
    return () =>
      new Promise((resolve) => {
        this.now.push(name);
        this.ends.set(name, () => {
          this.now.splice(this.now.indexOf(name), 1);
          resolve(name);
        });
      });
  }

  end(name: string): void {
    this.ends.get(name)?.();
  }
}

const atOnce = (works: readonly Work[]) => Promise.allSettled(works.map(({ run }) => run()));

/** Resolves when everything that could start has started: the queue lets a turn of the loop pass between commits. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('the queue before a connection', () => {
  it('lets what came during one commit share the next', async () => {
    const queue = new CommitQueue(atOnce);
    const running = new Running();
    const done = ['a', 'b', 'c'].map((name) => queue.shared(running.work(name)));
    await settled();
    expect(running.now).toEqual(['a']);
    running.end('a');
    await settled();
    expect(running.now).toEqual(['b', 'c']);
    for (const name of ['b', 'c']) running.end(name);
    expect(await Promise.all(done)).toEqual(['a', 'b', 'c']);
  });

  it('makes a hundred share a commit at most', async () => {
    const counts: number[] = [];
    const queue = new CommitQueue((works) => {
      counts.push(works.length);
      return atOnce(works);
    });
    await Promise.all(Array.from({ length: 251 }, (_, n) => queue.shared(() => Promise.resolve(n))));
    expect(counts).toEqual([1, 100, 100, 50]);
  });

  it('lets who was just answered share the next commit too', async () => {
    const counts: number[] = [];
    const queue = new CommitQueue((works) => {
      counts.push(works.length);
      return atOnce(works);
    });
    const client = async () => {
      for (let n = 0; n < 3; n++) await queue.shared(() => Promise.resolve());
    };
    await Promise.all(Array.from({ length: 10 }, client));
    expect(counts).toEqual([1, 10, 10, 9]);
  });

  it('gives the rest of the process a turn between any two, where work never leaves it one', async () => {
    const queue = new CommitQueue(atOnce);
    let done = 0;
    const works = Array.from({ length: 20 }, () => queue.exclusive(() => Promise.resolve(done++)));
    await settled();
    expect(done).toBeLessThan(5);
    await Promise.all(works);
    expect(done).toBe(20);
  });

  it('runs one transaction at a time, in the order they came, and nothing beside it', async () => {
    const queue = new CommitQueue(atOnce);
    const running = new Running();
    const names = ['statement 1', 'transaction 1', 'transaction 2', 'statement 2'];
    const done = names.map((name) =>
      name.startsWith('t') ? queue.exclusive(running.work(name)) : queue.shared(running.work(name)),
    );
    for (const name of names) {
      await settled();
      expect(running.now).toEqual([name]);
      running.end(name);
    }
    expect(await Promise.all(done)).toEqual(names);
  });

  it('goes on after work that failed or threw at once, and tells each what became of its own', async () => {
    const queue = new CommitQueue(atOnce);
    const throwing = (): Promise<void> => {
      throw new Error('first');
    };
    const results = await Promise.allSettled([
      queue.exclusive(throwing),
      queue.shared(() => Promise.reject(new Error('second'))),
      queue.shared(() => Promise.resolve('third')),
    ]);
    expect(results).toEqual([
      { status: 'rejected', reason: new Error('first') },
      { status: 'rejected', reason: new Error('second') },
      { status: 'fulfilled', value: 'third' },
    ]);
  });
});
