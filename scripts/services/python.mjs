import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PYTHON_PEER = 'resumable-upload';
export const PYTHON_PEER_VERSION = '0.3.0';

/** Where the package is installed, ignored by git. Python finds it there by `PYTHONPATH`. */
export const PYTHON_FOLDER = fileURLToPath(new URL('../../.services/python', import.meta.url));

const marker = join(PYTHON_FOLDER, `resumable_upload-${PYTHON_PEER_VERSION}.dist-info`);

/** Another tus client and server, from PyPI. */
export const python = {
  services: [{ name: PYTHON_PEER, there: existsSync(marker) }],
  obstacle() {
    if (spawnSync('python3', ['-m', 'pip', '--version']).status === 0) return undefined;
    return 'It needs python3 with pip.';
  },
  install() {
    const quiet = ['--quiet', '--disable-pip-version-check', '--root-user-action=ignore'];
    const what = ['--upgrade', '--target', PYTHON_FOLDER, `${PYTHON_PEER}==${PYTHON_PEER_VERSION}`];
    const { status, stderr } = spawnSync('python3', ['-m', 'pip', 'install', ...quiet, ...what], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`pip could not install ${PYTHON_PEER}: ${stderr.slice(-2000)}`);
  },
};
