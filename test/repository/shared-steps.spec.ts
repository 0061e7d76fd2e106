import { describe, expect, it } from '@jest/globals';
import type { Work } from '../../src/repository/typeorm/commit-queue.js';
import { settleStep, sharedSteps } from '../../src/repository/typeorm/shared-steps.js';
import type { Results, Step } from '../../src/repository/typeorm/shared-steps.js';

const nothing = () => Promise.resolve();

/** `insert a` is a change of the kind `insert` of the row `a`; `-` is a work of another sort. */
function works(...names: string[]): Work[] {
  return names.map((name) => {
    const [kind = '', id] = name.split(' ');
    return id === undefined
      ? { run: nothing }
      : { run: nothing, change: { id, kind, values: [], statement: () => ({ sql: kind, parameters: [] }) } };
  });
}

function shown(steps: readonly Step[]): string[] {
  return steps.map((step) =>
    step.map(({ change }) => (change ? `${change.kind} ${change.id}` : '-')).join(', '),
  );
}

describe('works that share a commit', () => {
  it('share a statement where they are of one kind', () => {
    expect(shown(sharedSteps(works('insert a', 'end b', 'insert c', 'end d')))).toEqual([
      'insert a, insert c',
      'end b, end d',
    ]);
  });

  it('have a row once in a statement', () => {
    expect(shown(sharedSteps(works('take a', 'take a', 'take b')))).toEqual(['take a', 'take a, take b']);
  });

  it('keep the order of the changes of one row', () => {
    const mixed = works('end a', 'take b', 'end b', 'take a', 'end c');
    expect(shown(sharedSteps(mixed))).toEqual(['end a', 'take b, take a', 'end b, end c']);
    expect(shown(sharedSteps(works('take a', 'end b', 'take b')))).toEqual(['take a', 'end b', 'take b']);
  });

  it('keep their place before or behind a work of another sort', () => {
    expect(shown(sharedSteps(works('end a', '-', 'end b', 'end c')))).toEqual(['end a', '-', 'end b, end c']);
  });
});

describe('the changes of a statement', () => {
  const refused = new Error('SQLITE_CONSTRAINT: UNIQUE constraint failed');

  it('are made one by one once a constraint has refused the statement', async () => {
    const step = works('insert a', 'insert b', 'insert c');
    const tries: string[] = [];
    const results: Results = new Map();
    await settleStep(step, results, async (part) => {
      tries.push(...shown([part]));
      if (part.some(({ change }) => change?.id === 'b')) throw refused;
      return part.map(({ change }) => change?.id);
    });
    expect(tries).toEqual(['insert a, insert b, insert c', 'insert a', 'insert b', 'insert c']);
    expect(step.map((work) => results.get(work))).toEqual([
      { status: 'fulfilled', value: 'a' },
      { status: 'rejected', reason: refused },
      { status: 'fulfilled', value: 'c' },
    ]);
  });

  it('are not made again after any other error, which may have lost the answer', async () => {
    const results: Results = new Map();
    const lost = settleStep(works('end a', 'end b'), results, () => Promise.reject(new Error('I/O')));
    await expect(lost).rejects.toThrow('I/O');
    expect(results.size).toBe(0);
  });
});
