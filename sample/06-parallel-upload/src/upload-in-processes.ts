import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Two processes upload a half each, and a third one, which has seen no byte of the file, has them merged. */
export async function uploadInProcesses(endpoint: string, path: string, size: number): Promise<string> {
  const middle = Math.floor(size / 2);
  const halves = await Promise.all([
    runProgram('upload-half', endpoint, path, '0', String(middle)),
    runProgram('upload-half', endpoint, path, String(middle), String(size)),
  ]);
  for (const url of halves) console.log(`  a half at ${url}`);
  return runProgram('merge', endpoint, ...halves);
}

/** Runs a program of this folder in a process of its own; resolves with what it prints. */
async function runProgram(name: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [
    fileURLToPath(new URL(`${name}.js`, import.meta.url)),
    ...args,
  ]);
  return stdout.trim();
}
