import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pieces, verify } from '../content.mjs';
import { FOLDER } from '../server-process.mjs';

const GIB = 1024 ** 3;

export const title = 'An upload of 1 GiB by the client';
export const how =
  'A process uploads a file of 1 GiB (--quick: 256 MiB) in one stream, and one in four ranges, to nestjs-tus: with TusClient, and with tus-js-client alone. CPU and memory are those of the client; seconds are for each GiB.';
export const bound = 'the server, which takes more CPU than the client.';
export const servers = [
  { name: 'nestjs-tus/client', server: 'nestjs-tus' },
  { name: 'tus-js-client', server: 'nestjs-tus' },
];
export const ownProcess = true;

const SCRIPTS = { 'nestjs-tus/client': 'tus-client', 'tus-js-client': 'tus-js-client' };

export async function run(server, { quick }) {
  const length = quick ? GIB / 4 : GIB;
  const folder = await mkdtemp(join(FOLDER, 'nestjs-tus-client-'));
  try {
    const path = join(folder, 'file.bin');
    await writeFile(path, pieces(0, length));
    const figures = {};
    for (const [name, parallelUploads] of [
      ['one stream', 1],
      ['four ranges', 4],
    ]) {
      const { url, seconds, cpu, rss } = await upload(server, { path, options: { parallelUploads } });
      await verify(server, new URL(url).pathname, length);
      figures[`${name}, s`] = [(seconds * GIB) / length];
      figures[`${name}, CPU, s`] = [(cpu * GIB) / length];
      figures[`${name}, highest RSS, MiB`] = [rss];
    }
    return figures;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function upload(server, { path, options }) {
  const endpoint = `http://127.0.0.1:${server.port}${server.path}`;
  const child = fork(new URL(`../clients/${SCRIPTS[server.name]}.mjs`, import.meta.url), {
    env: { ...process.env, BENCH_UPLOAD: JSON.stringify({ endpoint, path, options }) },
  });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`${server.name} ended with ${code}`);
  });
  const [told] = await Promise.race([once(child, 'message'), failed]);
  failed.catch(() => undefined);
  return told;
}
