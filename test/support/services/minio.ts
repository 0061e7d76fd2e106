import { join } from 'node:path';
import { findBinary } from './find-binary.js';
import { KEYS, localAddress, REGION } from './s3-service.js';
import type { S3Service } from './s3-service.js';
import { startServer } from './server-process.js';

const minio = findBinary('minio');

/** MinIO on one drive, with versions. */
export const MINIO: S3Service = {
  name: 'MinIO',
  found: minio !== undefined,
  start: async () => {
    if (!minio) throw new Error('MinIO is not installed: npm run services');
    const server = await startServer({
      name: 'minio',
      env: {
        MINIO_ROOT_USER: KEYS.accessKeyId,
        MINIO_ROOT_PASSWORD: KEYS.secretAccessKey,
        MINIO_REGION: REGION,
        MINIO_BROWSER: 'off',
        MINIO_UPDATE: 'off',
        // It takes the drive of the system otherwise for one that somebody forgot to mount.
        MINIO_CI_CD: 'on',
      },
      command: (folder, port) => [
        ...[minio, 'server', '--address', `127.0.0.1:${port}`],
        ...['--certs-dir', join(folder, 'certs'), join(folder, 'data')],
      ],
      ready: /API: http/,
      signal: 'SIGKILL',
    });
    return { address: localAddress(server.port), stop: server.stop };
  },
};
