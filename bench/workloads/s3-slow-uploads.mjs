import { startMinio } from '../minio.mjs';
import { how as slowly, sendSlowly } from './slow-uploads.mjs';

const KIB = 1024;
/** Of all uploads together more than parts may have in memory. */
const AT_ONCE = 384 * KIB;

export const title = '1000 uploads of 384 KiB at once and 1 KiB a second each, into S3';
export const how = `${slowly} Here each begins with 384 KiB at once. The server stores them in a MinIO on the same machine; they are too small to be sent on before they end, and more than the 256 MiB that parts may have in memory: the rest is in temporary files.`;
export const bound = 'as on the disk, and the parts in memory: 256 MiB at most, whatever comes.';
export const servers = [{ name: 'nestjs-tus-s3', store: startMinio }];
export const ownProcess = true;
export const repetitions = 3;

export function run(server, options) {
  return sendSlowly(server, { ...options, atOnce: AT_ONCE });
}
