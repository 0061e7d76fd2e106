import { pieces, verify } from '../content.mjs';
import { measure } from '../measure.mjs';
import { head, must, RawConnection } from '../raw-connection.mjs';
import { BYTES, create } from '../tus-request.mjs';

const GIB = 1024 ** 3;
const CHUNK = 8 * 1024 ** 2;

export const title = '1 GiB in PATCHes of 8 MiB';
export const how =
  'One connection sends 1 GiB (--quick: 256 MiB), 8 MiB in each request, the next one after the answer; figures are for each GiB.';
export const bound =
  'as in one PATCH; each request adds the lease with the row, the offset with the release, and the waits for both commits.';
export const servers = [
  'nestjs-tus',
  'nestjs-tus-fastify',
  'tus-server',
  'tus-server-in-nest',
  'resumable-upload',
  'writev',
  'pipe',
  'sink',
];
export const ceiling = ['wall, s'];

export async function run(server, { quick }) {
  const length = quick ? GIB / 4 : GIB;
  const path = await create(server, length);
  const connection = await RawConnection.open(server.address);
  const { seconds, cpu, rss } = await measure(server, async () => {
    for (let offset = 0; offset < length; offset += CHUNK) {
      const headers = { ...BYTES, 'upload-offset': offset, 'content-length': CHUNK };
      must(204, await connection.request(head('PATCH', path, headers), pieces(offset, CHUNK)));
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
