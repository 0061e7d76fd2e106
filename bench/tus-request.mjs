import { once } from 'node:events';
import { request } from 'node:http';

export const BYTES = { 'content-type': 'application/offset+octet-stream' };

/** Sends headers, and the body if it is given whole; otherwise the caller ends it. */
export function send({ address, method, path, headers = {}, body, open = false, agent }) {
  const outgoing = request({
    ...address,
    agent,
    method,
    path,
    headers: { 'tus-resumable': '1.0.0', ...headers },
  });
  // Whoever waits for the answer hears of it; a request that is given up on purpose has nobody.
  outgoing.on('error', () => {});
  if (!open) outgoing.end(body);
  else if (body) outgoing.write(body);
  else outgoing.flushHeaders();
  return outgoing;
}

export async function answer(outgoing) {
  const [incoming] = await once(outgoing, 'response');
  incoming.resume();
  await once(incoming, 'end');
  return { status: incoming.statusCode, headers: incoming.headers };
}

/** The path of a new upload. */
export async function create(server, length, agent) {
  const { address, path } = server;
  const headers = { 'upload-length': length };
  const created = await answer(send({ address, method: 'POST', path, headers, agent }));
  if (created.status !== 201) throw new Error(`the creation was answered ${created.status}`);
  return new URL(created.headers.location, 'http://server').pathname;
}

export async function offsetOf(server, path, agent) {
  const { headers } = await answer(send({ address: server.address, method: 'HEAD', path, agent }));
  return Number(headers['upload-offset']);
}
