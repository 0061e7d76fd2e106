import { fileURLToPath } from 'node:url';
import { python, PYTHON_FOLDER, PYTHON_PEER } from '../../scripts/services/python.mjs';
import { startServer, type RunningServer } from '../support/services/server-process.js';
import type { Service } from '../support/services/with-service.js';

const TUS_NODE_SERVER = fileURLToPath(new URL('./tus-node-server.mjs', import.meta.url));

/** A tus server of somebody else; its endpoint is `/files`. */
export interface OtherServer extends Service {
  start(): Promise<RunningServer>;
}

export const PYTHON_SERVER: OtherServer = {
  name: PYTHON_PEER,
  found: python.services.every(({ there }) => there),
  start: () =>
    startServer({
      name: 'resumable-upload',
      env: { PYTHONPATH: PYTHON_FOLDER, PYTHONUNBUFFERED: '1' },
      command: (folder, port) => [
        ...['python3', '-m', 'resumable_upload', 'serve', '--host', '127.0.0.1', '--port', String(port)],
        ...['--upload-dir', folder, '--db-path', `${folder}/uploads.db`, '--enable-downloads'],
      ],
      ready: /listening on/,
      signal: 'SIGKILL',
    }),
};

/** Comes with npm. */
export const TUS_SERVER: OtherServer = {
  name: '@tus/server',
  found: true,
  start: () =>
    startServer({
      name: 'tus-server',
      command: (folder, port) => [process.execPath, TUS_NODE_SERVER, folder, String(port)],
      ready: /ready/,
      signal: 'SIGKILL',
    }),
};
