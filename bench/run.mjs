// The benchmark itself, load and servers, runs on the Node of bench/package.json, whichever Node this file runs on:
// see main.mjs for what it takes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CALLER } from './node-of-caller.mjs';
import { NODE_24 } from './node-24.mjs';

if (!existsSync(NODE_24)) {
  console.error(
    'Node 24 of bench/ is missing: run `npm ci --prefix bench`, and let the package `node` run its script.',
  );
  process.exit(2);
}
const main = fileURLToPath(new URL('./main.mjs', import.meta.url));
// The load takes node:sqlite, which tells that it is experimental.
const args = ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)];
const env = { ...process.env, [CALLER]: process.execPath };
const [code] = await once(spawn(NODE_24, args, { stdio: 'inherit', env }), 'exit');
process.exitCode = code ?? 1;
