import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { NODE_24_HEADERS } from './node-24.mjs';

const PACKAGE = createRequire(import.meta.url).resolve('better-sqlite3/package.json');
const { version } = createRequire(import.meta.url)(PACKAGE);
const FOLDER = fileURLToPath(new URL('./.better-sqlite3/', import.meta.url));
const SOURCES = ['package.json', 'binding.gyp', 'deps', 'lib', 'src'];
const run = promisify(execFile);

/**
 * A copy of the project's better-sqlite3, built for the Node that asks: the project's own is built for the machine's.
 * It stands beside node_modules, so that npm ci leaves it there.
 */
export const COPY = join(FOLDER, `${version}-abi-${process.versions.modules}`);

let missing;

/** Builds the copy if it is not there, in about a minute. Undefined, or why that cannot be done. */
export function missingBetterSqlite3() {
  missing ??= build();
  return missing;
}

async function build() {
  if (existsSync(COPY)) return undefined;
  console.error(`Building better-sqlite3 for Node ${process.versions.node}, once …`);
  await mkdir(FOLDER, { recursive: true });
  const unfinished = await mkdtemp(join(FOLDER, 'unfinished-'));
  try {
    for (const name of SOURCES) {
      await cp(join(dirname(PACKAGE), name), join(unfinished, name), { recursive: true });
    }
    const PATH = `${dirname(process.execPath)}${delimiter}${process.env.PATH}`;
    // From the environment, which node-gyp heeds more than its arguments.
    const env = { ...process.env, PATH, npm_config_nodedir: NODE_24_HEADERS };
    await run('npm', ['run', 'build-release'], { cwd: unfinished, env, maxBuffer: Infinity });
    // Under its name only when it is whole.
    await rename(unfinished, COPY);
    return undefined;
  } catch (error) {
    const last = String(error.stderr || error.message)
      .trim()
      .split('\n')
      .at(-1);
    return `better-sqlite3 cannot be built for Node ${process.versions.node}: ${last}`;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}
