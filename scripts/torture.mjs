// `npm run torture -- --runs N --seed S`: N runs of the torture suite from the seed S on. The n-th run has the seed
// S + n - 1, so `--runs 1 --seed` with the seed of a run that failed replays it.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '500' }, seed: { type: 'string' } },
});
for (const [name, value] of Object.entries(values)) {
  if (!/^\d{1,9}$/.test(value))
    throw new Error(`--${name} takes a whole number of at most nine digits, not "${value}".`);
}

const jest = fileURLToPath(new URL('../node_modules/jest/bin/jest.js', import.meta.url));
const child = spawn(
  process.execPath,
  ['--experimental-vm-modules', '--no-warnings', jest, 'test/reliability/torture/torture.spec.ts'],
  {
    stdio: 'inherit',
    env: { ...process.env, TORTURE_RUNS: values.runs, ...(values.seed && { TORTURE_SEED: values.seed }) },
  },
);
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
