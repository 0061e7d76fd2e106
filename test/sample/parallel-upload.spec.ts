import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sample-parallel-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it('the sample uploads a file in four partials, and in two processes, and both are merged to the same bytes', async () => {
  const child = spawn(process.execPath, ['scripts/sample.mjs', '06-parallel-upload'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: folder, SIZE_MIB: '8' },
  });
  const [[code], out, err] = await Promise.all([
    once(child, 'close'),
    text(child.stdout),
    text(child.stderr),
  ]);
  expect({ code: code as unknown, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(
    new RegExp(
      [
        '^One call, four partials, 8388609 bytes',
        '  final of 4 partials at (\\S+)',
        '  sha256 ([0-9a-f]{64}) is that of the file',
        'Two processes upload a half each, a third one merges',
        '  a half at (\\S+)',
        '  a half at (?!\\3)\\S+',
        '  final of 2 partials at (?!\\1)\\S+',
        '  sha256 \\2 is that of the file\n$',
      ].join('\n'),
    ),
  );
  expect(await readdir(folder)).toEqual([]);
}, 240_000);
