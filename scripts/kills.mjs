// `npm run kills -- --runs N --seed S`: a server is killed N times, a third each before, in and after a call of
// OnUploadComplete. The n-th time has the seed S + n - 1.
import { randomInt } from 'node:crypto';
import { runSuite } from './reliability-suite.mjs';

runSuite('kills', { runs: 300, seed: randomInt(1_000_000) });
