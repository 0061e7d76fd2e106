import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { TusPeer } from '../client/tus-peer.js';
import { MIB } from '../client/client-folder.js';
import { CommandLine } from './command-line.js';

// Each runs several processes.
jest.setTimeout(120_000);

let commands: CommandLine;
let peer: TusPeer;

beforeEach(async () => {
  commands = await CommandLine.make();
  peer = await new TusPeer().start();
});

afterEach(async () => {
  await commands.remove();
  await peer.stop();
});

const upload = (...args: string[]) => commands.run('upload', ...args);

describe('nestjs-tus upload', () => {
  it('prints the URL alone on standard output, and a line for each tenth where there is no terminal', async () => {
    const bytes = await commands.file(3 * MIB);
    const args = [
      'file.bin',
      peer.endpoint,
      '--parallel',
      '12',
      '--metadata',
      'album=a=b',
      '--metadata',
      'n=',
    ];
    const { code, out, err } = await upload(...args);
    expect(code).toBe(0);
    expect(out).toMatch(/^http:\S+\n$/);
    expect(err).toMatch(/^(\d+% of 3\.0 MiB, \S+ \S+\/s\n)*100% of 3\.0 MiB, \S+ \S+\/s\n$/);
    expect(peer.at(out.trim()).bytes.equals(bytes)).toBe(true);
    expect(peer.at(out.trim()).metadata).toContain(`album ${btoa('a=b')}`);
    expect(peer.requests.filter((request) => request.startsWith('POST'))).toHaveLength(13);
  });

  it('prints a line of JSON for each file, and JSON as progress, with --json', async () => {
    const [first, second] = [await commands.file(1000, 'a.bin'), await commands.file(2000, 'b.bin', 2)];
    const { code, out, err } = await upload('a.bin', 'b.bin', peer.endpoint, '--json');
    expect(code).toBe(0);
    const results = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { url: string });
    expect(results).toMatchObject([
      { file: 'a.bin', size: 1000, offset: 1000, resumed: false },
      { file: 'b.bin', size: 2000, offset: 2000, resumed: false },
    ]);
    expect(results.map(({ url }) => peer.at(url).bytes)).toEqual([first, second]);
    const progress = err
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(progress.at(-1)).toMatchObject({ file: 'b.bin', sent: 2000, total: 2000 });
  });

  it('has each request verified with --checksum', async () => {
    const checksums: unknown[] = [];
    peer.fault = ({ method, headers }) => {
      if (method === 'PATCH') checksums.push(headers['upload-checksum']);
      return false;
    };
    peer.extensions += ',checksum';
    await commands.file(1000);
    expect(await upload('file.bin', peer.endpoint, '--checksum', 'sha256')).toMatchObject({ code: 0 });
    expect(checksums).toEqual([expect.stringMatching(/^sha256 \S{44}$/)]);
  });

  it('leaves the rest with --stop-at, and uploads it with --resume; without it an upload begins anew', async () => {
    const bytes = await commands.file(1000);
    const stopped = await upload('file.bin', peer.endpoint, '--stop-at', '300');
    expect(stopped).toMatchObject({ code: 0, err: expect.stringContaining('Left at byte 300 of 1000') });
    const whole = await upload('file.bin', peer.endpoint, '--resume');
    expect(whole).toMatchObject({ code: 0, out: stopped.out, err: expect.stringContaining('was resumed') });
    expect(peer.received).toBe(1000);
    expect(peer.at(whole.out.trim()).bytes.equals(bytes)).toBe(true);
    expect((await upload('file.bin', peer.endpoint, '--stop-at', '0')).out).not.toBe(whole.out);
    expect(peer.uploads.size).toBe(2);
    await upload('file.bin', peer.endpoint);
    expect(peer.uploads.size).toBe(3);
    expect(await readdir(commands.at('state/nestjs-tus/uploads'))).toEqual([]);
  });

  it('sends nothing if one of the files is not there, such as a mistyped endpoint', async () => {
    await commands.file(10);
    const { code, out, err } = await upload('file.bin', '127.0.0.1:3000/files');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toBe(
      'There is no file 127.0.0.1:3000/files (an endpoint begins with http:// or https://).\n',
    );
  });

  it('ends with 1 and one sentence when the server refuses, whatever a terminal would make of its words', async () => {
    await commands.file(10);
    const body = JSON.stringify({ message: 'Not\n\u001b[31myours.' });
    peer.fault = (_request, response) => Boolean(response.writeHead(403).end(body));
    expect(await upload('file.bin', peer.endpoint)).toEqual({
      code: 1,
      out: '',
      err: 'The server answered 403: Not �[31myours.\n',
    });
  });

  it.each(['1', '3'])('goes on after Ctrl-C, with --resume alone (%s ranges)', async (parallel) => {
    const bytes = await commands.file(16 * MIB);
    const args = ['upload', 'file.bin', peer.endpoint];
    const first = commands.start([...args, '--parallel', parallel, '--metadata', 'album=x']);
    await untilOneRangeHangs(Number(parallel));
    // Under npm and npx the terminal and npm both pass Ctrl-C on. Stopped, it cannot be gone before the second one.
    for (const signal of ['SIGSTOP', 'SIGINT', 'SIGTERM', 'SIGCONT'] as const) first.child.kill(signal);
    const { code, out, err } = await first.ended;
    expect({ code, out }).toEqual({ code: 130, out: '' });
    expect(err).toMatch(/can be resumed\. Run the same command with --resume to go on from here\.\n$/);
    peer.fault = undefined;
    const second = await commands.run(...args, '--resume');
    expect(second).toMatchObject({ code: 0, err: expect.stringContaining('was resumed') });
    expect(peer.at(second.out.trim()).bytes.equals(bytes)).toBe(true);
    expect(peer.at(second.out.trim()).metadata).toMatch(/^album eA==,filename /);
  });

  it('goes on after it was killed, with --resume, and sends no byte twice that the server has', async () => {
    const bytes = await commands.file(4 * MIB);
    const args = ['upload', 'file.bin', peer.endpoint, '--parallel', '4'];
    const first = commands.start(args);
    await untilOneRangeHangs(4);
    first.child.kill('SIGKILL');
    expect(await first.ended).toMatchObject({ code: null, out: '' });
    const parts = [...peer.uploads.values()];
    // What the process had sent still arrives.
    await Promise.all(parts.map(({ idle }) => idle));
    const stored = parts.reduce((sum, { bytes: part }) => sum + part.length, 0);
    expect(peer.received).toBe(stored);
    peer.fault = undefined;
    const second = await commands.run(...args, '--resume');
    expect(second).toMatchObject({ code: 0, err: expect.stringContaining('was resumed') });
    expect(peer.received).toBe(4 * MIB);
    expect(peer.requests.filter((request) => request.startsWith('POST'))).toHaveLength(5);
    expect(peer.at(second.out.trim()).bytes.equals(bytes)).toBe(true);
  });
});

/** The last of the ranges gets no answer, so that there is something to interrupt. */
async function untilOneRangeHangs(ranges: number): Promise<void> {
  let patches = 0;
  peer.fault = ({ method }) => method === 'PATCH' && ++patches === ranges;
  await seen(() => patches === ranges);
}

/** Resolves when, after one of the requests, the condition holds. */
async function seen(condition: () => boolean): Promise<void> {
  while (!condition()) await once(peer.arrivals, 'request');
}
