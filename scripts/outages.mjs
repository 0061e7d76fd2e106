// `npm run outages -- --runs N --seed S --store s3|gcs|azure`: N runs, on each store or on those of one API, of clients
// whose store fails, from the seed S on. The n-th run has the seed S + n - 1, so `--runs 1 --seed` with the seed of a run
// that failed replays it.
import { randomInt } from 'node:crypto';
import { runSuite } from './reliability-suite.mjs';

runSuite(
  'outages',
  { runs: 300, seed: randomInt(1_000_000), store: undefined },
  { store: /^(s3|gcs|azure)$/ },
);
