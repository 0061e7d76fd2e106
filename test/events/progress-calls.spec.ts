import { expect, it } from '@jest/globals';
import { ProgressCalls } from '../../src/events/progress-calls.js';
import type { Upload } from '../../src/index.js';
import { gate } from '../reliability/faults.js';

it('a hook for progress is called for one upload at a time, next with the newest, and for others beside it', async () => {
  const calls = new ProgressCalls();
  const first = gate();
  const told: string[] = [];
  const call = async ({ id, offset }: Upload) => {
    told.push(`${id} ${offset}`);
    if (offset === 1) await first.opened;
  };
  const advance = (id: string, offset: number) => calls.run({ id, offset } as Upload, call);
  const ended = advance('a', 1);
  await advance('a', 2);
  await advance('a', 3);
  await advance('b', 2);
  expect(told).toEqual(['a 1', 'b 2']);
  first.open();
  await ended;
  await advance('a', 4);
  expect(told).toEqual(['a 1', 'b 2', 'a 3', 'a 4']);
});
