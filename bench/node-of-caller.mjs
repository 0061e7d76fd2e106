import { execFileSync } from 'node:child_process';

/** The environment variable in which run.mjs hands over the program. */
export const CALLER = 'TUS_BENCH_NODE_OF_CALLER';

/** The Node that the benchmark was called with, mostly that of the machine. */
export function programOfCaller() {
  return process.env[CALLER] ?? process.execPath;
}

let version;

export function versionOfCaller() {
  version ??= execFileSync(programOfCaller(), ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim();
  return version;
}
