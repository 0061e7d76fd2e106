// Runs a suite of test/reliability at length. Its options go on as variables: those of fuzz as FUZZ_SEED and the like.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * `defaults` has a value, or undefined for none, for each option, which takes a whole number unless `words` has what it
 * may be. Ends with the exit code of the suite.
 */
export function runSuite(name, defaults, words = {}) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { status } = spawnSync(
    process.execPath,
    [
      ...['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'],
      `test/reliability/${name}/${name}.spec.ts`,
    ],
    { cwd: root, stdio: 'inherit', env: { ...process.env, ...variables(name, defaults, words) } },
  );
  process.exitCode = status ?? 1;
}

function variables(name, defaults, words) {
  const options = Object.entries(defaults).map(([option, number]) => [
    option,
    { type: 'string', ...(number !== undefined && { default: String(number) }) },
  ]);
  const { values } = parseArgs({ options: Object.fromEntries(options) });
  const entries = Object.entries(values).map(([option, value]) => {
    const { [option]: wanted = /^\d{1,10}$/ } = words;
    if (!wanted.test(value)) throw new Error(`--${option} takes what matches ${wanted}, not "${value}".`);
    return [`${name}_${option}`.toUpperCase(), value];
  });
  return Object.fromEntries(entries);
}
