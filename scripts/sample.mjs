// Starts a sample by its folder name or a part of it: `npm run sample -- quick`. Without a name it lists them.
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, root, run } from './ensure-built.mjs';

const [name] = process.argv.slice(2);
const samples = readdirSync(join(root, 'sample'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .toSorted();
const matches = samples
  .filter((sample) => sample === name)
  .concat(samples.filter((sample) => sample.includes(name)));

if (name === undefined) {
  console.log(`Start one with npm run sample -- NAME:\n${samples.map((sample) => `  ${sample}`).join('\n')}`);
} else if (matches.length === 0) {
  console.error(`No sample is called ${name}. There are: ${samples.join(', ')}.`);
  process.exitCode = 1;
} else {
  await start(matches[0]);
}

async function start(sample) {
  ensureBuilt();
  linkLibrary(sample);
  run('node_modules/typescript/bin/tsc', ['-p', join('sample', sample)]);
  stopWithNpm();
  // In this process: one process less to pass signals on to.
  await import(pathToFileURL(join(root, 'sample', sample, 'dist', 'main.js')).href);
}

/** A signal that is sent to npm ends npm and its shell, and many shells do not pass it on. */
function stopWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const { ppid } = process;
  const watch = setInterval(() => {
    if (process.ppid === ppid) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 200).unref();
}

/** What `npm install` makes of "file:../..", so that `npm ci` in the root folder is all that a sample needs. */
function linkLibrary(sample) {
  const link = join(root, 'sample', sample, 'node_modules', 'nestjs-tus');
  if (existsSync(link)) return;
  mkdirSync(join(link, '..'), { recursive: true });
  symlinkSync(join('..', '..', '..'), link, 'junction');
}
