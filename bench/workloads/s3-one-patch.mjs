import { startMinio } from '../minio.mjs';
import { sendGib } from '../send-gib.mjs';

export const title = '1 GiB in one PATCH, into S3';
export const how =
  'One connection sends 1 GiB (--quick: 256 MiB) as fast as it is taken, in parts of 8 MiB, to a server that stores it in a MinIO on the same machine; figures are for each GiB, CPU and memory those of the server alone.';
export const bound =
  'MinIO, which shares the cores: it hashes what it stores. Without a signature over the bodies, as over HTTPS, neither side hashes them by SHA-256.';
export const servers = [
  { name: 'nestjs-tus-s3', store: startMinio },
  {
    name: 'nestjs-tus-s3, signPayload: false',
    server: 'nestjs-tus-s3',
    store: startMinio,
    env: { S3_SIGN_PAYLOAD: 'false' },
  },
  { name: 'tus-server-s3', store: startMinio },
];
export const ownProcess = true;

export function run(server, { quick }) {
  return sendGib(server, { quick });
}
