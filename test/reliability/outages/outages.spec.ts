import { expect, it } from '@jest/globals';
import type { S3Kind } from '../../support/s3-proxy/request-kind.js';
import { eachLocalS3Service } from '../../support/services/each-s3-service.js';
import { run } from './run.js';

/** Seeds, each on every store. */
const RUNS = Number(process.env.OUTAGES_RUNS ?? 150);
/** Always the same here, so that a failure tells of a change; `npm run outages` takes another each time. */
const SEED = Number(process.env.OUTAGES_SEED ?? 1);
/** Runs that go on at once: mostly they wait for answers that never come. */
const BESIDE = 8;

eachLocalS3Service((suite) => {
  it(
    'a store that refuses, resets, hangs, and loses answers costs no acknowledged byte, and nothing is left in it',
    async () => {
      const wrong: string[] = [];
      let next = 0;
      const suffered: Partial<Record<S3Kind, number>> = {};
      const worker = async () => {
        while (next < RUNS) {
          const seed = SEED + next++;
          const outcome = await run(suite, seed);
          for (const kind of outcome.suffered) suffered[kind] = (suffered[kind] ?? 0) + 1;
          if (outcome.problems.length === 0) continue;
          const { plan, problems } = outcome;
          wrong.push(
            `npm run outages -- --runs 1 --seed ${seed}: ${JSON.stringify(plan)}\n${problems.join('\n')}`,
          );
          process.stdout.write(`${wrong.at(-1) ?? ''}\n`);
        }
      };
      await Promise.all(Array.from({ length: BESIDE }, worker));
      const told = `outages: ${RUNS} runs from seed ${SEED}, of these requests so many went wrong:`;
      process.stdout.write(`${told} ${JSON.stringify(suffered)}\n`);
      expect(wrong).toEqual([]);
    },
    RUNS * 60_000,
  );
});
