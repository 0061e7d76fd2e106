// `npm run comebacks -- --runs N --seed S --size M --kills K`: N uploads of M MiB in four ranges, each by a client that is
// killed K times, from the seed S on. The n-th run has the seed S + n - 1, so `--runs 1 --seed` replays one of them
// (when exactly a kill strikes depends on the machine).
import { randomInt } from 'node:crypto';
import { runSuite } from './reliability-suite.mjs';

runSuite('comebacks', { runs: 5, seed: randomInt(1_000_000), size: 500, kills: 20 });
