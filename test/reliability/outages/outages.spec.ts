import { expect, it } from '@jest/globals';
import { eachStore } from '../../support/stores/each-store.js';
import type { ObjectStore } from '../../support/stores/object-store.js';
import { run } from './run.js';

/** Seeds, each on every store; more by `npm run outages`. */
const RUNS = Number(process.env.OUTAGES_RUNS ?? 25);
/** Always the same here, so that a failure tells of a change; `npm run outages` takes another each time. */
const SEED = Number(process.env.OUTAGES_SEED ?? 1);
/** Runs that go on at once: mostly they wait for answers that never come. */
const BESIDE = 8;

eachStore(
  (store) => {
    it(
      'a store that refuses, resets, hangs, and loses answers costs no acknowledged byte, and nothing is left in it',
      async () => {
        const { wrong, suffered } = await runs(store);
        const told = `outages: ${RUNS} runs on ${store.name} from seed ${SEED}, of these requests so many went wrong:`;
        process.stdout.write(`${told} ${JSON.stringify(suffered)}\n`);
        expect(wrong).toEqual([]);
      },
      RUNS * 60_000,
    );
  },
  { api: process.env.OUTAGES_STORE },
);

async function runs<Kind extends string>(store: ObjectStore<Kind>) {
  const wrong: string[] = [];
  const suffered: Partial<Record<Kind, number>> = {};
  let next = 0;
  const worker = async () => {
    while (next < RUNS) {
      const seed = SEED + next++;
      const { plan, problems, ...outcome } = await run(store, seed);
      for (const kind of outcome.suffered) suffered[kind] = (suffered[kind] ?? 0) + 1;
      if (problems.length === 0) continue;
      const again = `npm run outages -- --runs 1 --seed ${seed} --store ${store.api}`;
      wrong.push(`${again}: ${JSON.stringify(plan)}\n${problems.join('\n')}`);
      process.stdout.write(`${wrong.at(-1) ?? ''}\n`);
    }
  };
  await Promise.all(Array.from({ length: BESIDE }, worker));
  return { wrong, suffered };
}
