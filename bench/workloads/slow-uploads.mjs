import { createHash, randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { verifyHash } from '../content.mjs';
import { quantile } from '../statistics.mjs';
import { answer, BYTES, create, offsetOf, send } from '../tus-request.mjs';

const KIB = 1024;
const MIB = 1024 * KIB;
const UPLOADS = 1000;

export const title = `${UPLOADS} uploads at 1 KiB a second each`;
export const how =
  `${UPLOADS} connections send a PATCH each, 1 KiB a second, for a minute (--quick: 10 s), while one more asks by ` +
  'HEAD for the offset of one upload after the other. The memory of an upload is what the server grew by since ' +
  'it was idle, at its highest, divided by their number. In the end all must have been answered 204, and every ' +
  'file must hold the bytes that were sent.';
export const bound =
  'what Node and the platform keep of a connection and a request, about 32 KiB, and the young generation of V8, which Node 24 lets grow to three times 32 MiB whatever the number of uploads; `NODE_OPTIONS=--max-semi-space-size=16` halves that, as in the second row. Bodies themselves are not in memory.';
export const servers = [
  'nestjs-tus',
  {
    name: 'nestjs-tus, semi-space of 16 MiB',
    server: 'nestjs-tus',
    env: { NODE_OPTIONS: '--max-semi-space-size=16' },
  },
];

export function run(server, options) {
  return sendSlowly(server, { ...options, atOnce: 0 });
}

/** @param atOnce - bytes that each upload begins with, as fast as they go */
export async function sendSlowly(server, { quick, atOnce }) {
  const seconds = quick ? 10 : 60;
  const agent = new Agent({ keepAlive: true });
  const bytes = randomBytes(atOnce + seconds * KIB);
  const paths = [];
  for (let i = 0; i < UPLOADS; i++) paths.push(await create(server, bytes.length, agent));
  const idle = server.rss();
  const cpu = server.cpu();
  const watch = watchOver(server, paths);
  const uploads = [];
  const answers = [];
  await overOneSecond(paths, (path) => {
    const upload = begin(server, path, bytes.length);
    if (atOnce > 0) upload.write(bytes.subarray(0, atOnce));
    uploads.push(upload);
    answers.push(answer(upload).catch(() => ({ status: 0 })));
  });
  for (let second = 0; second < seconds; second++) {
    const at = atOnce + second * KIB;
    const kibibyte = bytes.subarray(at, at + KIB);
    await overOneSecond(uploads, (upload) => upload.write(kibibyte));
  }
  const failed = (await Promise.all(answers)).filter(({ status }) => status !== 204).length;
  const { heads, highest } = await watch.end();
  const used = server.cpu() - cpu;
  const hash = createHash('sha256').update(bytes).digest('hex');
  for (const path of paths) await verifyHash(server, path, hash);
  agent.destroy();
  return {
    'highest RSS, MiB': [highest / MIB],
    'KiB of RSS each': [(highest - idle) / KIB / UPLOADS],
    'HEAD p50, ms': [quantile(heads, 0.5)],
    'HEAD p99, ms': [quantile(heads, 0.99)],
    'CPU, s a minute': [(used / seconds) * 60],
    failed: [failed],
  };
}

function begin({ address }, path, length) {
  const headers = { ...BYTES, 'upload-offset': 0, 'content-length': length };
  return send({ address, method: 'PATCH', path, headers, open: true });
}

/** Clients are not in step: each has its moment within the second, the same in every one. */
async function overOneSecond(items, act) {
  const slices = 50;
  const size = Math.ceil(items.length / slices);
  const begun = performance.now();
  for (let slice = 0; slice < slices; slice++) {
    items.slice(slice * size, (slice + 1) * size).forEach(act);
    await pause(Math.max(0, begun + ((slice + 1) * 1000) / slices - performance.now()));
  }
}

function watchOver(server, paths) {
  const agent = new Agent({ keepAlive: true });
  const heads = [];
  const stop = new AbortController();
  let highest = 0;
  const watching = (async () => {
    for (let i = 0; !stop.signal.aborted; i = (i + 1) % paths.length) {
      const began = performance.now();
      await offsetOf(server, paths[i], agent);
      heads.push(performance.now() - began);
      highest = Math.max(highest, server.rss());
      await pause(10);
    }
  })();
  const end = async () => {
    stop.abort();
    await watching;
    agent.destroy();
    return { heads, highest };
  };
  return { end };
}
