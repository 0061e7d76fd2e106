import { describe, expect, it } from '@jest/globals';
import { fuzz } from './run.js';

// Always the same one here, so that a failure tells of a change and not of chance; `npm run fuzz` takes another each time.
const { FUZZ_SEED = '1', FUZZ_REQUESTS = '1000', FUZZ_ONLY } = process.env;
/** Milliseconds that a request may take on a machine that does much else. */
const SLOW = 100;

describe('raw requests with every fault that a seed gives them (promise 8)', () => {
  const seed = Number(FUZZ_SEED);
  const requests = Number(FUZZ_REQUESTS);

  it(
    `are each answered once or cut off, change nothing where they are refused, and leave nothing behind; ${requests} of seed ${seed}`,
    async () => {
      const only = FUZZ_ONLY === undefined ? {} : { only: Number(FUZZ_ONLY) };
      const statuses = await fuzz({ seed, requests, ...only });
      const shown = [...statuses].toSorted(([one], [other]) => one - other);
      process.stderr.write(
        `fuzz: seed ${seed}, ${shown.map(([status, count]) => `${status}: ${count}`).join(', ')}\n`,
      );
      // Otherwise the run has not come as far as it should.
      if (FUZZ_ONLY === undefined && requests >= 1_000)
        expect([...statuses.keys()]).toEqual(
          expect.arrayContaining([200, 201, 204, 400, 404, 405, 409, 412]),
        );
    },
    120_000 + requests * SLOW,
  );
});
