// `npm run fuzz -- --requests M --seed S --only K`: M raw requests with faults that the seed S determines; with K only
// that request, after those that it follows from.
import { randomInt } from 'node:crypto';
import { runSuite } from './reliability-suite.mjs';

runSuite('fuzz', { requests: 20_000, seed: randomInt(2 ** 31), only: undefined });
