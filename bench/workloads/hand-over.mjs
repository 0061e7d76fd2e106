import { pieces, verify } from '../content.mjs';
import { answer, BYTES, create, offsetOf, send } from '../tus-request.mjs';

const MIB = 1024 * 1024;

export const title = 'Hand-over from a stalled PATCH';
export const how =
  'A PATCH sends 1 of 2 MiB and stalls. Another PATCH at that offset, without a byte, takes the upload over: ' +
  'milliseconds from its request to its 204. Every byte that had come is kept: a last PATCH sends the rest.';
export const bound = 'two statements, and the write of what the stalled request has brought.';
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
    body: pieces(0, MIB).next().value,
    open: true,
  });
  // Until the stalled bytes are on record, so that the new PATCH begins where they end.
  while ((await offsetOf(server, path)) < MIB);
  const began = performance.now();
  await append(server, path);
  const took = performance.now() - began;
  stalled.destroy();
  await append(server, path, pieces(MIB, MIB).next().value);
  await verify(server, path, 2 * MIB);
  return took;
}

async function append({ address }, path, body = Buffer.alloc(0)) {
  const headers = { ...BYTES, 'upload-offset': MIB, 'content-length': body.length };
  const { status } = await answer(send({ address, method: 'PATCH', path, headers, body }));
  if (status !== 204) throw new Error(`the PATCH was answered ${status}`);
}
