import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { versionOfCaller } from './node-of-caller.mjs';
import { pythonVersion, PYTHON_SERVER, PYTHON_SERVER_VERSION } from './python-server.mjs';
import { FOLDER } from './server-process.mjs';

// Asked before anything is measured: the page that is written changes the tree.
const revision = revisionOf();

/** What was measured, with which versions. */
export function versions(servers) {
  const all = [...servers].join(' ');
  return [
    `nestjs-tus ${revision}`,
    all.includes('tus-server') && `@tus/server ${packageVersion('@tus/server')}`,
    all.includes('tus-server') && `@tus/file-store ${packageVersion('@tus/file-store')}`,
    all.includes('-s3') && `@tus/s3-store ${packageVersion('@tus/s3-store')}`,
    all.includes(PYTHON_SERVER) && `${PYTHON_SERVER} ${PYTHON_SERVER_VERSION} (Python ${pythonVersion()})`,
    all.includes('better-sqlite3') && `better-sqlite3 ${packageVersion('better-sqlite3')}`,
    `Node ${process.versions.node}`,
    all.includes('Node 20') && `Node ${versionOfCaller()}`,
  ]
    .filter(Boolean)
    .join(', ');
}

export function machine() {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} cores (${first.model}), ${memory} GiB, ${process.platform} ${release()}, files in ${FOLDER}`;
}

function revisionOf() {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  } catch {
    return 'of an unknown revision';
  }
}

function packageVersion(name) {
  const file = new URL(`./node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}
