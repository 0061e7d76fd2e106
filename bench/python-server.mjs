import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { python, PYTHON_FOLDER, PYTHON_PEER, PYTHON_PEER_VERSION } from '../scripts/services/python.mjs';
import { freePort } from './free-port.mjs';

export { PYTHON_PEER as PYTHON_SERVER, PYTHON_PEER_VERSION as PYTHON_SERVER_VERSION };

const run = promisify(execFile);
let program;

/** Installs the package if it is not there. Undefined, or why it cannot be run. */
export async function missingPython() {
  try {
    // The program itself: a shim before it would be counted as its start.
    const asked = await run('python3', ['-c', 'import sys; print(sys.executable, sys.version.split()[0])']);
    const [path, version] = asked.stdout.trim().split(' ');
    program = { path, version };
    if (!python.services.every(({ there }) => there)) python.install();
    return undefined;
  } catch (error) {
    return `python3 with pip is needed for it: ${String(error.message).trim().split('\n').at(-1)}`;
  }
}

export function pythonVersion() {
  return program?.version;
}

/** Starts the server program that the package brings, with its defaults. */
export async function launchPython(directory) {
  const port = await freePort();
  const places = ['--upload-dir', directory, '--db-path', join(directory, 'uploads.db')];
  const listen = ['--host', '127.0.0.1', '--port', String(port)];
  const command = ['-m', 'resumable_upload', 'serve', '--log-level', 'ERROR', ...listen, ...places];
  const child = spawn(program.path, command, {
    env: { ...process.env, PYTHONPATH: PYTHON_FOLDER },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  while (!(await listens(port))) {
    if (child.exitCode !== null) throw new Error(`${PYTHON_PEER} ended with ${child.exitCode}`);
    await pause(1);
  }
  return { child, port, path: '/files' };
}

async function listens(port) {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
