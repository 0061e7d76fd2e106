import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { RunningSample } from './running-sample.js';

describe('the quick start', () => {
  let sample: RunningSample;

  beforeAll(async () => {
    sample = await RunningSample.start('quick');
  }, 120_000);

  afterAll(() => sample.remove());

  it('says where it takes uploads, and where it puts them', () => {
    expect(sample.output).toMatch(/^Uploads at {3}http:\/\/127\.0\.0\.1:\d+\/files$/m);
    expect(sample.output).toContain(`Stored in    ${join(sample.folder, 'uploads')}\n`);
  });

  it('takes a file in four ranges, and tells of it once it is whole', async () => {
    const bytes = randomBytes(5_000_003);
    await writeFile(join(sample.folder, 'holiday.mp4'), bytes);
    const url = await sample.upload('holiday.mp4', '--parallel', '4');
    const [, path] = await sample.printed(/"holiday\.mp4": 5000003 bytes in (\S+)/);
    expect(basename(url)).toBe(basename(path!));
    expect(bytes.equals(await readFile(path!))).toBe(true);
    const download = await fetch(url);
    expect(download.headers.get('content-disposition')).toBe('inline; filename="holiday.mp4"');
    expect(bytes.equals(Buffer.from(await download.arrayBuffer()))).toBe(true);
  });

  it('takes the list of a thousand ranges, which is larger than what Node allows by default', async () => {
    const bytes = randomBytes(1_000);
    await writeFile(join(sample.folder, 'thousand.bin'), bytes);
    await sample.upload('thousand.bin', '--parallel', '1000');
    const [, path] = await sample.printed(/"thousand\.bin": 1000 bytes in (\S+)/);
    expect(bytes.equals(await readFile(path!))).toBe(true);
  }, 120_000);

  it('ends when it is asked to', async () => {
    expect(await sample.stop()).toEqual([0, null]);
  });
});
