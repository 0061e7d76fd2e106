// `npm run torture -- --runs N --seed S`: N runs of the torture suite from the seed S on. The n-th run has the seed
// S + n - 1, so `--runs 1 --seed` with the seed of a run that failed replays it.
import { randomInt } from 'node:crypto';
import { runSuite } from './reliability-suite.mjs';

runSuite('torture', { runs: 500, seed: randomInt(1_000_000) });
