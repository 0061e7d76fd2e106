import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findBinary } from './find-binary.js';
import { KEYS, localAddress, REGION } from './s3-service.js';
import type { S3Service } from './s3-service.js';
import { startServer } from './server-process.js';

const versitygw = findBinary('versitygw');

/** versitygw on a folder, with versions. The folder is on a file system with extended attributes. */
export const VERSITYGW: S3Service = {
  name: 'versitygw',
  found: versitygw !== undefined,
  start: async () => {
    if (!versitygw) throw new Error('versitygw is not installed: npm run services');
    const server = await startServer({
      name: 'versitygw',
      env: { ROOT_ACCESS_KEY: KEYS.accessKeyId, ROOT_SECRET_KEY: KEYS.secretAccessKey, VGW_REGION: REGION },
      prepare: (folder) => {
        for (const name of ['data', 'versions']) mkdirSync(join(folder, name));
        return [];
      },
      command: (folder, port) => [
        ...[versitygw, '--port', `127.0.0.1:${port}`, '--keep-alive'],
        ...['posix', '--versioning-dir', join(folder, 'versions'), join(folder, 'data')],
      ],
      ready: /service listening on/,
      signal: 'SIGKILL',
    });
    return { address: localAddress(server.port), stop: server.stop };
  },
};
