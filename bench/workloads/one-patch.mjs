import { pieces, verify } from '../content.mjs';
import { measure } from '../measure.mjs';
import { head, must, RawConnection } from '../raw-connection.mjs';
import { BYTES, create } from '../tus-request.mjs';

const GIB = 1024 ** 3;

export const title = '1 GiB in one PATCH';
export const how =
  'One connection sends 1 GiB (--quick: 256 MiB) as fast as it is taken; figures are for each GiB.';
export const bound =
  "the main thread, which copies each 64 KiB out of the kernel and runs Node's HTTP parser; the file is written in other threads meanwhile. The plain `writev` server is no limit, because it leaves the memory of the chunks to the garbage collector.";
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
  const headers = { ...BYTES, 'upload-offset': 0, 'content-length': length };
  const { seconds, cpu, rss } = await measure(server, async () => {
    must(204, await connection.request(head('PATCH', path, headers), pieces(0, length)));
  });
  connection.close();
  await verify(server, path, length);
  return {
    'wall, s': [(seconds * GIB) / length],
    'CPU, s': [(cpu * GIB) / length],
    'highest RSS, MiB': [rss],
  };
}
