import { startMinio } from '../minio.mjs';
import { how as slowly, run } from './slow-uploads.mjs';

export const title = '1000 uploads at 1 KiB a second each, into S3';
export const how = `${slowly} The server stores them in a MinIO on the same machine; they are too small to be sent on before they end.`;
export const bound =
  'as on the disk, and the region of 64 KiB in which each gathers its part; parts have 256 MiB of memory at most.';
export const servers = [{ name: 'nestjs-tus-s3', store: startMinio }];
export const ownProcess = true;
export const repetitions = 3;
export { run };
