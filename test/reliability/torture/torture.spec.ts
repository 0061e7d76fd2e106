import { expect, it } from '@jest/globals';
import { run } from './run.js';

const RUNS = Number(process.env.TORTURE_RUNS ?? 4);
/** Always the same here, so that a failure tells of a change; `npm run torture` takes another each time. */
const SEED = Number(process.env.TORTURE_SEED ?? 1);
/** Runs that go on at once. */
const BESIDE = 2;

it(
  'a server that is killed, paused, and whose disk and database fail loses no acknowledged byte, and leaves nothing',
  async () => {
    process.stdout.write(`torture: ${RUNS} runs from seed ${SEED}\n`);
    const wrong: string[] = [];
    let next = 0;
    let over = 0;
    const worker = async () => {
      while (next < RUNS) {
        const seed = SEED + next++;
        const { plan, problems } = await run(seed);
        if (++over % 25 === 0) process.stdout.write(`torture: ${over} runs are over\n`);
        if (problems.length === 0) continue;
        wrong.push(
          `npm run torture -- --runs 1 --seed ${seed}: ${JSON.stringify(plan)}\n${problems.join('\n')}`,
        );
        process.stdout.write(`${wrong.at(-1) ?? ''}\n`);
      }
    };
    await Promise.all(Array.from({ length: BESIDE }, worker));
    expect(wrong).toEqual([]);
  },
  RUNS * 180_000,
);
