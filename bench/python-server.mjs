import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const PYTHON_SERVER = 'resumable-upload';
export const PYTHON_SERVER_VERSION = '0.3.0';

const FOLDER = fileURLToPath(new URL('./.python', import.meta.url));
const run = promisify(execFile);
let python;

/** Installs the package into bench/.python if it is not there. Undefined, or why it cannot be run. */
export async function missingPython() {
  try {
    // The program itself: a shim before it would be counted as its start.
    const asked = await run('python3', ['-c', 'import sys; print(sys.executable, sys.version.split()[0])']);
    const [program, version] = asked.stdout.trim().split(' ');
    python = { program, version };
    if (!existsSync(join(FOLDER, `resumable_upload-${PYTHON_SERVER_VERSION}.dist-info`))) {
      const wanted = `${PYTHON_SERVER}==${PYTHON_SERVER_VERSION}`;
      const quiet = ['--quiet', '--disable-pip-version-check', '--root-user-action=ignore'];
      await run(program, ['-m', 'pip', 'install', ...quiet, '--upgrade', '--target', FOLDER, wanted]);
    }
    return undefined;
  } catch (error) {
    return `python3 with pip is needed for it: ${String(error.message).trim().split('\n').at(-1)}`;
  }
}

export function pythonVersion() {
  return python?.version;
}

/** Starts the server program that the package brings, with its defaults. */
export async function launchPython(directory) {
  const port = await freePort();
  const places = ['--upload-dir', directory, '--db-path', join(directory, 'uploads.db')];
  const listen = ['--host', '127.0.0.1', '--port', String(port)];
  const program = ['-m', 'resumable_upload', 'serve', '--log-level', 'ERROR', ...listen, ...places];
  const child = spawn(python.program, program, {
    env: { ...process.env, PYTHONPATH: FOLDER },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  while (!(await listens(port))) {
    if (child.exitCode !== null) throw new Error(`${PYTHON_SERVER} ended with ${child.exitCode}`);
    await pause(1);
  }
  return { child, port, path: '/files' };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
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
