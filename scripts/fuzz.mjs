// Sends raw requests with faults to the built library: `npm run fuzz -- [--requests M] [--seed N] [--only K]`.
import { parseArgs } from 'node:util';
import { ensureBuilt, run } from './ensure-built.mjs';

const text = { type: 'string' };
const { values } = parseArgs({
  options: { requests: { ...text, default: '20000' }, seed: text, only: text },
});
for (const [name, value] of Object.entries(values)) {
  if (!/^\d+$/.test(value)) throw new Error(`--${name} is a whole number, not ${value}.`);
  process.env[`FUZZ_${name.toUpperCase()}`] = value;
}

ensureBuilt();
// jest runs ES modules behind a flag only.
process.env.NODE_OPTIONS = '--experimental-vm-modules --no-warnings=ExperimentalWarning';
run('node_modules/jest/bin/jest.js', ['test/reliability/fuzz']);
