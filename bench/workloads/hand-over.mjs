import { answer, BYTES, create, offsetOf, send } from '../tus-request.mjs';

const MIB = 1024 * 1024;

export const title = 'Hand-over from a stalled PATCH';
export const how =
  'A PATCH sends 1 of 2 MiB and stalls. Another PATCH at that offset, without a byte, takes the upload over: ' +
  'milliseconds from its request to its 204. Every byte that had come is kept.';
export const servers = ['nestjs-tus'];

export async function run(server, { quick }) {
  const times = [];
  for (let turn = 0; turn < (quick ? 5 : 20); turn++) times.push(await displace(server));
  return { 'hand-over, ms': times };
}

async function displace(server) {
  const { address } = server;
  const path = await create(server, 2 * MIB);
  const stalled = send({
    address,
    method: 'PATCH',
    path,
    headers: { ...BYTES, 'upload-offset': 0, 'content-length': 2 * MIB },
    body: Buffer.alloc(MIB, 1),
    open: true,
  });
  // Until the stalled bytes are on record, so that the new PATCH begins where they end.
  while ((await offsetOf(server, path)) < MIB);
  const began = performance.now();
  const headers = { ...BYTES, 'upload-offset': MIB, 'content-length': 0 };
  const { status } = await answer(send({ address, method: 'PATCH', path, headers }));
  const took = performance.now() - began;
  if (status !== 204) throw new Error(`the new PATCH was answered ${status}`);
  stalled.destroy();
  return took;
}
