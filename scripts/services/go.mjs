import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { areThere } from './programs.mjs';

/** Where the object stores are installed, ignored by git. */
const FOLDER = fileURLToPath(new URL('../../.services', import.meta.url));

/** Exact versions, so that a run can be repeated. A new one is taken up where the folder is deleted. */
const stores = [
  {
    name: 'MinIO',
    program: 'minio',
    module: 'github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c',
  },
  {
    name: 'versitygw',
    program: 'versitygw',
    module: 'github.com/versity/versitygw/cmd/versitygw@v1.8.0',
  },
  {
    name: 'fake-gcs-server',
    program: 'fake-gcs-server',
    module: 'github.com/fsouza/fake-gcs-server@v1.56.1',
  },
];

/** The object stores: which are there, and what gets the others. Their makers publish no packages, only sources. */
export const go = {
  services: stores.map(({ name, program, module }) => ({
    name,
    there: areThere([program], [FOLDER]),
    module,
  })),
  obstacle(missing) {
    if (spawnSync('go', ['version']).status === 0) return undefined;
    const modules = missing.map(({ module }) => module);
    return `With Go (go.dev/dl): ${modules.map((module) => `GOBIN=${FOLDER} go install ${module}`).join(' && ')}`;
  },
  install(missing) {
    for (const { name, module } of missing) {
      console.log(`${name} is being built: go install ${module}`);
      const env = { ...process.env, GOBIN: FOLDER };
      // Go tells of each download; only what went wrong is worth a line.
      const { status, stderr } = spawnSync('go', ['install', module], { env, encoding: 'utf8' });
      if (status !== 0) throw new Error(`go install ${module} failed: ${stderr.slice(-2000)}`);
    }
  },
};
