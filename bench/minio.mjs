import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { freePort } from './free-port.mjs';

const BUCKET = 'uploads';
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'benchaccesskey', AWS_SECRET_ACCESS_KEY: 'benchsecretkey' };

const folders = [
  ...(process.env.PATH ?? '').split(delimiter),
  new URL('../.services/', import.meta.url).pathname,
];
const program = folders.map((folder) => join(folder, 'minio')).find((path) => existsSync(path));

/** Undefined, or why there is no MinIO. */
export function missingMinio() {
  return program === undefined ? 'MinIO is not there: npm run services' : undefined;
}

/** Starts a MinIO with an empty bucket for one server under measurement, with its data in that server's folder. */
export async function startMinio(directory) {
  const port = await freePort();
  const child = spawn(program, ['server', '--address', `127.0.0.1:${port}`, join(directory, 'minio')], {
    env: {
      ...process.env,
      MINIO_ROOT_USER: CREDENTIALS.AWS_ACCESS_KEY_ID,
      MINIO_ROOT_PASSWORD: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
      MINIO_CI_CD: 'on',
    },
    stdio: 'ignore',
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 20,
    credentials: {
      accessKeyId: CREDENTIALS.AWS_ACCESS_KEY_ID,
      secretAccessKey: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
    },
  });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  return {
    env: { ...CREDENTIALS, AWS_REGION: 'us-east-1', S3_ENDPOINT: endpoint, S3_BUCKET: BUCKET },
    content: async (key) => (await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }))).Body,
    stop: async () => {
      client.destroy();
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
