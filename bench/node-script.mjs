import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const NODE_24 = fileURLToPath(new URL('./node_modules/node/bin/node', import.meta.url));

/** Undefined, or why there is no such Node. */
export function missingNode(version) {
  return version === undefined || existsSync(NODE_24) ? undefined : 'npm ci in bench/ did not install it';
}

/**
 * Starts a script of servers/, which tells where it listens.
 * `node: 24` runs it on that version, else the Node of the benchmark does; `preload` is a module that it loads first.
 */
export async function launchScript(server, { directory, node, env, preload }) {
  const child = fork(new URL(`./servers/${server}.mjs`, import.meta.url), {
    execPath: node === undefined ? process.execPath : NODE_24,
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
