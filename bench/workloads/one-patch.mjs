import { sendGib, STREAM_SERVERS } from '../send-gib.mjs';

export const title = '1 GiB in one PATCH';
export const how =
  'One connection sends 1 GiB (--quick: 256 MiB) as fast as it is taken; figures are for each GiB.';
export const bound =
  "the main thread, which copies each 64 KiB out of the kernel and runs Node's HTTP parser; the file is written in other threads meanwhile. The plain `writev` server is no limit, because it leaves the memory of the chunks to the garbage collector.";
export const servers = STREAM_SERVERS;
export const ceiling = ['wall, s'];

export function run(server, { quick }) {
  return sendGib(server, { quick });
}
