// How long a new PATCH takes to displace one that stalls: from its request to its answer, and what was kept.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RUNS = 20;
const STALLED_BYTES = 1024 * 1024;
const LENGTH = 2 * STALLED_BYTES;

const directory = await mkdtemp(join(tmpdir(), 'nestjs-tus-bench-'));
const server = fork(new URL('./server.mjs', import.meta.url), {
  env: { ...process.env, TUS_DIRECTORY: directory },
});
const [{ port }] = await once(server, 'message');

try {
  const milliseconds = [];
  for (let run = 0; run < RUNS; run++) milliseconds.push(await displace());
  milliseconds.sort((a, b) => a - b);
  const median = (milliseconds[RUNS / 2 - 1] + milliseconds[RUNS / 2]) / 2;
  const [least, most] = [milliseconds[0], milliseconds[RUNS - 1]].map((value) => value.toFixed(1));
  console.log(
    `hand-over from a stalled PATCH: median ${median.toFixed(1)} ms of ${RUNS} (${least} to ${most})`,
  );
} finally {
  server.kill();
  await rm(directory, { recursive: true, force: true });
}

async function displace() {
  const { headers } = await answer(send('POST', '/files', { 'upload-length': LENGTH }));
  const path = headers.location;
  const stalled = send('PATCH', path, patchHeaders(0, LENGTH), Buffer.alloc(STALLED_BYTES, 1));
  await offsetOf(path, STALLED_BYTES);
  const began = performance.now();
  const { status } = await answer(send('PATCH', path, patchHeaders(STALLED_BYTES, 0), undefined, true));
  const took = performance.now() - began;
  if (status !== 204) throw new Error(`the new PATCH was answered ${status}`);
  stalled.destroy();
  return took;
}

/** Waits until the stalled bytes are on record, so that the new PATCH begins where they end. */
async function offsetOf(path, offset) {
  while (Number((await answer(send('HEAD', path, {}, undefined, true))).headers['upload-offset']) < offset);
}

function patchHeaders(offset, length) {
  return {
    'content-type': 'application/offset+octet-stream',
    'upload-offset': offset,
    'content-length': length,
  };
}

function send(method, path, headers, body, end = body === undefined) {
  const outgoing = request({
    host: '127.0.0.1',
    port,
    method,
    path,
    headers: { 'tus-resumable': '1.0.0', ...headers },
  });
  outgoing.on('error', () => {});
  if (body) outgoing.write(body);
  if (end) outgoing.end();
  else outgoing.flushHeaders();
  return outgoing;
}

async function answer(outgoing) {
  const [incoming] = await once(outgoing, 'response');
  incoming.resume();
  return { status: incoming.statusCode, headers: incoming.headers };
}
