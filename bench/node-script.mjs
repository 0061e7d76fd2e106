import { fork } from 'node:child_process';
import { once } from 'node:events';
import { programOfCaller, versionOfCaller } from './node-of-caller.mjs';

/** Undefined, or why there is no Node of this major version. Without one it is that of the benchmark. */
export function missingNode(major) {
  if (major === undefined || versionOfCaller().startsWith(`${major}.`)) return undefined;
  return `the benchmark was called with Node ${versionOfCaller()}`;
}

/**
 * Starts a script of servers/, which tells where it listens.
 * With `node` it runs on the Node that the benchmark was called with, else on that of the benchmark; `preload` is a
 * module that it loads first.
 */
export async function launchScript(server, { directory, node, env, preload }) {
  const child = fork(new URL(`./servers/${server}.mjs`, import.meta.url), {
    execPath: node === undefined ? process.execPath : programOfCaller(),
    // The default does not take the list of a final of 1,000 partials.
    execArgv: ['--max-http-header-size=131072', ...(preload ? ['--import', preload.href] : [])],
    env: { ...process.env, ...env, TUS_DIRECTORY: directory },
  });
  const [told] = await Promise.race([once(child, 'message'), failure(child, server)]);
  return { child, ...told };
}

async function failure(child, server) {
  const [code] = await once(child, 'exit');
  throw new Error(`${server} ended with ${code} before it listened`);
}
