import { expect, it } from '@jest/globals';
import { run } from './run.js';

/** One for each size of chunks. */
const RUNS = Number(process.env.COMEBACKS_RUNS ?? 3);
/** Always the same here, so that a failure tells of a change; `npm run comebacks` takes another each time. */
const SEED = Number(process.env.COMEBACKS_SEED ?? 1);
const MEBIBYTES = Number(process.env.COMEBACKS_SIZE ?? 48);
const KILLS = Number(process.env.COMEBACKS_KILLS ?? 20);

it(
  'a client that is killed again and again ends with the right bytes, and sends none twice that was acknowledged',
  async () => {
    const wrong: string[] = [];
    for (let number = 0; number < RUNS; number++) {
      const seed = SEED + number;
      const outcome = await run({ seed, size: MEBIBYTES * 2 ** 20, kills: KILLS });
      const replay = `npm run comebacks -- --runs 1 --seed ${seed} --size ${MEBIBYTES} --kills ${KILLS}`;
      process.stdout.write(
        `comebacks: ${outcome.killed} kills, ${outcome.repeated} bytes sent again (${replay})\n`,
      );
      wrong.push(...outcome.problems.map((problem) => `${problem} (${replay})`));
    }
    expect(wrong).toEqual([]);
  },
  RUNS * (120_000 + MEBIBYTES * 2000),
);
