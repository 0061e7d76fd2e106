#!/usr/bin/env node
import { Interruption } from './interruption.js';
import { runCommand } from './program.js';

const interruption = new Interruption((exitCode) => process.exit(exitCode));
// For good: what comes after the first signal has to be heard too.
process.on('SIGINT', interruption.interrupt).on('SIGTERM', interruption.interrupt);

const { argv, env, stdout, stderr } = process;
for (const output of [stdout, stderr]) {
  output.on('error', (error: NodeJS.ErrnoException) => {
    // Who reads no more (`| head -1`) has not asked for the work to stop.
    if (error.code !== 'EPIPE') throw error;
  });
}
void runCommand(argv.slice(2), { env, stdout, stderr, signal: interruption.signal }).then((exitCode) => {
  process.exitCode = exitCode;
});
