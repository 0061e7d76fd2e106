import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { TusPeer } from '../client/tus-peer.js';

const MIB = 2 ** 20;
const running = new Set<ChildProcess>();
let folder: string;
let peer: TusPeer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-upload-'));
  peer = await new TusPeer().start();
});

afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  await peer.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('npm run upload', () => {
  it('prints the URL alone on standard output, and a line for each tenth where there is no terminal', async () => {
    const bytes = await newFile(3 * MIB);
    const { code, out, err } = await run('file.bin', '--parallel', '2', '--metadata', 'album=a=b');
    expect(code).toBe(0);
    expect(out).toMatch(/^http:\S+\n$/);
    expect(err).toMatch(/100% of 3\.0 MiB, .*\/s\n$/);
    expect(peer.at(out.trim()).bytes.equals(bytes)).toBe(true);
    expect(peer.at(out.trim()).metadata).toContain(`album ${btoa('a=b')}`);
  });

  it('ends with 1 and one sentence when the upload fails', async () => {
    await newFile(10);
    peer.fault = (_request, response) => Boolean(response.writeHead(403).end('{"message":"Not yours."}'));
    expect(await run('file.bin')).toEqual({ code: 1, out: '', err: 'The server answered 403: Not yours.\n' });
  });

  it.each([
    { args: [], problem: 'Name the file to upload.' },
    { args: ['a', 'b'], problem: 'Name one file only.' },
    { args: ['a', '--parallel', '0'], problem: 'give a number from 1' },
    { args: ['a', '--metadata', 'b'], problem: 'key=value' },
    { args: ['a', '--endpoint', '/files'], problem: 'http://' },
    { args: ['a', '--paralel', '4'], problem: '--paralel' },
  ])('names the problem and shows the usage: $problem', async ({ args, problem }) => {
    const { code, err } = await run(...args);
    expect(code).toBe(1);
    expect(err).toContain(problem);
    expect(err).toContain('Usage: npm run upload');
  });

  it('shows the usage when it is asked for', async () => {
    expect(await run('--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('Usage: npm run upload'),
    });
  });

  it.each(['1', '3'])('can be interrupted and run again (%s ranges)', async (parallel) => {
    const bytes = await newFile(16 * MIB);
    const args = ['file.bin', '--parallel', parallel];
    // One range gets no answer, so that there is something to interrupt.
    let patches = 0;
    peer.fault = ({ method }) => method === 'PATCH' && ++patches > Number(parallel) - 1;
    const first = start(...args);
    await seen(() => patches === Number(parallel));
    // Under npm the terminal and npm both pass Ctrl-C on.
    first.child.kill('SIGINT');
    first.child.kill('SIGINT');
    const { code, err } = await first.ended;
    expect(code).toBe(130);
    expect(err).toMatch(/can be resumed\.\nRun the same command again to go on from here\.\n$/);
    peer.fault = undefined;
    const second = await run(...args);
    expect(second).toMatchObject({ code: 0, err: expect.stringContaining('was resumed') });
    expect(peer.at(second.out.trim()).bytes.equals(bytes)).toBe(true);
  });
});

/** Resolves when, after one of the requests, `condition` holds. */
async function seen(condition: () => boolean): Promise<void> {
  while (!condition()) await once(peer.arrivals, 'request');
}

async function newFile(size: number): Promise<Buffer> {
  const bytes = randomBytes(size);
  await writeFile(join(folder, 'file.bin'), bytes);
  return bytes;
}

type Outcome = { code: number | null; out: string; err: string };

function start(...args: string[]): { child: ChildProcess; ended: Promise<Outcome> } {
  const endpoint = args.includes('--endpoint') ? [] : ['--endpoint', peer.endpoint];
  const child = spawn(process.execPath, [resolve('dist/cli/upload.js'), ...args, ...endpoint], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, INIT_CWD: folder },
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  const ended = Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]).then(
    ([[code], out, err]) => ({ code: code as number | null, out, err }),
  );
  return { child, ended };
}

async function run(...args: string[]): Promise<Outcome> {
  return start(...args).ended;
}
