// Builds the library when there is no build, or when a source file is newer than it.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a tool of this project with the running Node; ends the process with its exit code if it fails. */
export function run(script, args) {
  const { status } = spawnSync(process.execPath, [join(root, script), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

export function ensureBuilt() {
  if (newestIn('src') > timeOf('dist/index.js'))
    run('node_modules/typescript/bin/tsc', ['-p', 'tsconfig.build.json']);
}

function newestIn(folder) {
  const files = readdirSync(join(root, folder), { recursive: true });
  return Math.max(0, ...files.map((file) => timeOf(join(folder, file))));
}

function timeOf(file) {
  return statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) ensureBuilt();
