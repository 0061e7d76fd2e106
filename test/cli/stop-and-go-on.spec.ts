import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { MIB } from '../client/client-folder.js';
import { TusPeer } from '../client/tus-peer.js';
import { content } from '../support/content.js';
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

describe('nestjs-tus partial', () => {
  it('goes on after Ctrl-C, with --resume', async () => {
    const bytes = await commands.file(MIB);
    const args = ['partial', 'file.bin', peer.endpoint];
    const asked = once(peer.arrivals, 'patch');
    peer.fault = ({ method }) => method === 'PATCH' && peer.arrivals.emit('patch');
    const first = commands.start(args);
    await asked;
    first.child.kill('SIGINT');
    expect(await first.ended).toEqual({
      code: 130,
      out: '',
      err: expect.stringMatching(
        /can be resumed\. Run the same command with --resume to go on from here\.\n$/,
      ),
    });
    peer.fault = undefined;
    const { code, out } = await commands.run(...args, '--resume');
    expect({ code, uploads: peer.uploads.size }).toEqual({ code: 0, uploads: 1 });
    const { concat, bytes: stored } = peer.at(out.trim());
    expect({ concat, whole: stored.equals(bytes) }).toEqual({ concat: 'partial', whole: true });
  });
});

describe('nestjs-tus download', () => {
  it('goes on after Ctrl-C, where the file is still the same', async () => {
    // So few that the first half comes in one piece, which is told of.
    const bytes = content(1000, 1);
    const ranges: (string | undefined)[] = [];
    peer.fault = ({ headers: { range } }, response) => {
      ranges.push(range);
      const part = { ETag: '"1"', 'Content-Range': 'bytes 500-999/1000', 'Content-Length': 500 };
      if (range) response.writeHead(206, part).end(bytes.subarray(500));
      else response.writeHead(200, { ETag: '"1"', 'Content-Length': 1000 }).write(bytes.subarray(0, 500));
      return true;
    };
    const args = ['download', `${peer.endpoint}/1`, 'got.bin'];
    const first = commands.start(args);
    expect(await first.note()).toMatch(/^50% of 1000 B/);
    first.child.kill('SIGINT');
    expect(await first.ended).toEqual({
      code: 130,
      out: '',
      err: expect.stringMatching(/\nInterrupted\.\n$/),
    });
    expect(await commands.run(...args)).toMatchObject({ code: 0, out: `${commands.at('got.bin')}\n` });
    expect(ranges).toEqual([undefined, 'bytes=500-']);
    expect((await readFile(commands.at('got.bin'))).equals(bytes)).toBe(true);
    expect((await readdir(commands.folder)).filter((name) => name.includes('.part'))).toEqual([]);
  });

  it('to a folder ends with 2, and gets nothing', async () => {
    const { code, out, err } = await commands.run('download', `${peer.endpoint}/1`, '.');
    expect({ code, out, requests: peer.requests }).toEqual({ code: 2, out: '', requests: [] });
    expect(err).toContain('name a file: there is a folder of this name.');
  });
});
