import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';

describe('the quick start', () => {
  let folder: string;
  let server: ChildProcess;
  let output = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quick-start-'));
    server = start(['--max-http-header-size=65536', 'scripts/sample.mjs', 'quick'], { PORT: '0' });
    server.stdout!.setEncoding('utf8').on('data', (piece: string) => (output += piece));
    await printed(/^Try .*$/m);
  }, 120_000);

  afterAll(async () => {
    server.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  it('says where it takes uploads, and where it puts them', () => {
    expect(output).toMatch(/^Uploads at {3}http:\/\/127\.0\.0\.1:\d+\/files$/m);
    expect(output).toContain(`Stored in    ${join(folder, 'uploads')}\n`);
  });

  it('takes a file in four ranges, and tells of it once it is whole', async () => {
    const bytes = randomBytes(5_000_003);
    await writeFile(join(folder, 'holiday.mp4'), bytes);
    const url = await upload('holiday.mp4', '--parallel', '4');
    const [, path] = await printed(/"holiday\.mp4": 5000003 bytes in (\S+)/);
    expect(basename(url)).toBe(basename(path!));
    expect(bytes.equals(await readFile(path!))).toBe(true);
    const download = await fetch(url);
    expect(download.headers.get('content-disposition')).toBe('inline; filename="holiday.mp4"');
    expect(bytes.equals(Buffer.from(await download.arrayBuffer()))).toBe(true);
  });

  it('takes the list of a thousand ranges, which is larger than what Node allows by default', async () => {
    const bytes = randomBytes(1_000);
    await writeFile(join(folder, 'thousand.bin'), bytes);
    await upload('thousand.bin', '--parallel', '1000');
    const [, path] = await printed(/"thousand\.bin": 1000 bytes in (\S+)/);
    expect(bytes.equals(await readFile(path!))).toBe(true);
  });

  it('ends when it is asked to', async () => {
    server.kill('SIGTERM');
    expect(await once(server, 'exit')).toEqual([0, null]);
  });

  function start(args: string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const { npm_lifecycle_event: _, TUS_DIRECTORY: __, HOST: ___, ...inherited } = process.env;
    return spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...inherited, NO_COLOR: '1', INIT_CWD: folder, ...env },
    });
  }

  async function upload(...args: string[]): Promise<string> {
    const [, endpoint] = await printed(/^Uploads at {3}(\S+)$/m);
    const child = spawn(process.execPath, [resolve('dist/cli/upload.js'), ...args, '--endpoint', endpoint!], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, INIT_CWD: folder },
    });
    return (await text(child.stdout)).trim();
  }

  /** Resolves when the server has printed it; rejects when it ends before. */
  async function printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(output);
      if (found) return found;
      if (server.exitCode !== null) throw new Error(`The sample ended with ${server.exitCode}:\n${output}`);
      await Promise.race([once(server.stdout!, 'data'), once(server, 'exit')]);
    }
  }
});
