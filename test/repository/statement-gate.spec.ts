import { describe, expect, it } from '@jest/globals';
import { StatementGate } from '../../src/repository/typeorm/statement-gate.js';

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

/** Resolves when everything that could start has started. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('the gate before a connection', () => {
  it('lets lone statements run beside each other', async () => {
    const gate = new StatementGate();
    const running = new Running();
    const done = ['a', 'b', 'c'].map((name) => gate.shared(running.work(name)));
    await settled();
    expect(running.now).toEqual(['a', 'b', 'c']);
    for (const name of ['b', 'a', 'c']) running.end(name);
    expect(await Promise.all(done)).toEqual(['a', 'b', 'c']);
  });

  it('makes a transaction wait for running statements, and later statements for the transaction', async () => {
    const gate = new StatementGate();
    const running = new Running();
    void gate.shared(running.work('early'));
    void gate.exclusive(running.work('transaction'));
    void gate.shared(running.work('late'));
    await settled();
    expect(running.now).toEqual(['early']);
    running.end('early');
    await settled();
    expect(running.now).toEqual(['transaction']);
    running.end('transaction');
    await settled();
    expect(running.now).toEqual(['late']);
  });

  it('runs one transaction at a time, in the order they came', async () => {
    const gate = new StatementGate();
    const running = new Running();
    const order: string[] = [];
    const names = ['first', 'second', 'third'];
    const done = names.map((name) => gate.exclusive(running.work(name)).then((ended) => order.push(ended)));
    for (const name of names) {
      await settled();
      expect(running.now).toEqual([name]);
      running.end(name);
    }
    await Promise.all(done);
    expect(order).toEqual(names);
  });

  it('starves neither statements nor transactions', async () => {
    const gate = new StatementGate();
    const running = new Running();
    for (const turn of [1, 2]) {
      void gate.shared(running.work(`statement ${turn}`));
      void gate.exclusive(running.work(`transaction ${turn}`));
    }
    for (const name of ['statement 1', 'transaction 1', 'statement 2', 'transaction 2']) {
      await settled();
      expect(running.now).toEqual([name]);
      running.end(name);
    }
  });

  it('opens again after work that failed or threw at once', async () => {
    const gate = new StatementGate();
    await expect(gate.exclusive(() => Promise.reject(new Error('first')))).rejects.toThrow('first');
    const throwing = (): Promise<void> => {
      throw new Error('second');
    };
    await expect(gate.shared(throwing)).rejects.toThrow('second');
    await expect(gate.exclusive(() => Promise.resolve('third'))).resolves.toBe('third');
  });
});
