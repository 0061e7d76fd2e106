import { pieces, verify } from './content.mjs';
import { measure } from './measure.mjs';
import { head, must, RawConnection } from './raw-connection.mjs';
import { BYTES, create } from './tus-request.mjs';

const GIB = 1024 ** 3;

/** Whoever takes one stream of bytes after the other, and what they are limited by. */
export const STREAM_SERVERS = [
  'nestjs-tus',
  'nestjs-tus-fastify',
  'tus-server',
  'tus-server-in-nest',
  'resumable-upload',
  'writev',
  'pipe',
  'sink',
];

/** Sends 1 GiB, or a quarter of it, in PATCHes of `chunk` bytes, or in one; figures are for each GiB. */
export async function sendGib(server, { quick, chunk = GIB }) {
  const length = quick ? GIB / 4 : GIB;
  const path = await create(server, length);
  const connection = await RawConnection.open(server.address);
  const { seconds, cpu, rss } = await measure(server, async () => {
    for (let offset = 0; offset < length; offset += chunk) {
      const bytes = Math.min(chunk, length - offset);
      const headers = { ...BYTES, 'upload-offset': offset, 'content-length': bytes };
      must(204, await connection.request(head('PATCH', path, headers), pieces(offset, bytes)));
    }
  });
  connection.close();
  await verify(server, path, length);
  return {
    'wall, s': [(seconds * GIB) / length],
    'CPU, s': [(cpu * GIB) / length],
    'highest RSS, MiB': [rss],
  };
}
