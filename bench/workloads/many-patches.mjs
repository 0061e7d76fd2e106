import { sendGib, STREAM_SERVERS } from '../send-gib.mjs';

const CHUNK = 8 * 1024 ** 2;

export const title = '1 GiB in PATCHes of 8 MiB';
export const how =
  'One connection sends 1 GiB (--quick: 256 MiB), 8 MiB in each request, the next one after the answer; figures are for each GiB.';
export const bound =
  'as in one PATCH; each request adds the lease with the row, the offset with the release, and the waits for both commits.';
export const servers = STREAM_SERVERS;
export const ceiling = ['wall, s'];

export function run(server, { quick }) {
  return sendGib(server, { quick, chunk: CHUNK });
}
