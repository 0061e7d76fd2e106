import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { MIB } from '../client/client-folder.js';
import { CommandLine } from './command-line.js';

// Each runs several processes.
jest.setTimeout(120_000);

let commands: CommandLine;

beforeEach(async () => {
  commands = await CommandLine.make();
});
afterEach(() => commands.remove());

describe('nestjs-tus serve', () => {
  it('takes uploads from the other commands, tells of each, and ends with 0 after Ctrl-C', async () => {
    const bytes = await commands.file(1_000_003);
    const server = commands.start(['serve', '--port', '0', '--directory', 'up', '--json']);
    const { endpoint, directory } = JSON.parse(await server.line()) as {
      endpoint: string;
      directory: string;
    };
    expect(endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/files$/);
    expect(directory).toBe(commands.at('up'));
    const uploaded = await commands.run('upload', 'file.bin', endpoint, '--parallel', '400');
    expect(uploaded).toMatchObject({ code: 0 });
    const { name, size, path } = JSON.parse(await server.line()) as {
      name: string;
      size: number;
      path: string;
    };
    expect({ name, size }).toEqual({ name: 'file.bin', size: 1_000_003 });
    expect(bytes.equals(await readFile(path))).toBe(true);
    const got = await commands.run('download', uploaded.out.trim(), 'got.bin');
    expect(got).toMatchObject({ code: 0, out: `${commands.at('got.bin')}\n` });
    server.child.kill('SIGINT');
    expect(await server.ended).toMatchObject({ code: 0, err: '' });
  });

  it('says for people where it is, and how to try it', async () => {
    const server = commands.start(['serve', '--port', '0']);
    const endpoint = (await server.line()).replace(/^Uploads at {3}/, '');
    expect(await server.line()).toBe(`Stored in    ${commands.at('uploads')}`);
    expect(await server.line()).toBe(`Try          npx nestjs-tus upload FILE ${endpoint} --parallel 4`);
    await commands.file(10);
    await commands.run('upload', 'file.bin', endpoint);
    expect(await server.line()).toMatch(/^"file\.bin": 10 bytes in .+\/uploads\/.+$/);
    await commands.run('upload', 'file.bin', endpoint, '--metadata', 'filename=\u009b31m\u007f.bin');
    expect(await server.line()).toMatch(/^"\ufffd31m\ufffd\.bin": 10 bytes in /);
    server.child.kill('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0, err: '' });
  });

  it('ends after Ctrl-C whatever clients do: say nothing, send half a request, or read no answer', async () => {
    await commands.file(32 * MIB);
    const server = commands.start(['serve', '--port', '0', '--json']);
    const { endpoint } = JSON.parse(await server.line()) as { endpoint: string };
    const { out } = await commands.run('upload', 'file.bin', endpoint);
    const { hostname, port } = new URL(endpoint);
    const [silent, half] = [connect(Number(port), hostname), connect(Number(port), hostname)];
    const unread = get(out.trim());
    const cut = [silent, half, unread].map((client) =>
      once(
        client.on('error', () => undefined),
        'close',
      ),
    );
    await Promise.all([once(silent, 'connect'), once(half, 'connect'), once(unread, 'response')]);
    half.write('POST /files HTTP/1.1\r\nHost: ');
    server.child.kill('SIGINT');
    expect(await server.ended).toMatchObject({ code: 0, err: '' });
    unread.destroy();
    await Promise.all(cut);
  });

  it('goes on when nobody reads its output any more', async () => {
    await commands.file(10);
    const server = commands.start(['serve', '--port', '0', '--json']);
    const { endpoint } = JSON.parse(await server.line()) as { endpoint: string };
    server.child.stdout!.destroy();
    for (let time = 0; time < 2; time++) {
      expect(await commands.run('upload', 'file.bin', endpoint)).toMatchObject({ code: 0 });
    }
    const exited = once(server.child, 'exit');
    server.child.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
  });

  it('ends with 1 and one sentence when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const port = String((other.address() as AddressInfo).port);
    expect(await commands.run('serve', '--port', port)).toEqual({
      code: 1,
      out: '',
      err: `Port ${port} of 127.0.0.1 is taken: give another with --port.\n`,
    });
    other.close();
  });

  it('ends with 1 and one sentence when the folder cannot be one', async () => {
    await commands.file(1);
    const { code, out, err } = await commands.run('serve', '--port', '0', '--directory', 'file.bin');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^[^\n]+\.\n$/);
  });
});
