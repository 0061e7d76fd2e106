// `npm run outages -- --runs N --seed S`: N runs, on each store that speaks S3, of clients whose store fails, from the
// seed S on. The n-th run has the seed S + n - 1, so `--runs 1 --seed` with the seed of a run that failed replays it.
import { randomInt } from 'node:crypto';
import { runSuite } from './reliability-suite.mjs';

runSuite('outages', { runs: 500, seed: randomInt(1_000_000) });
