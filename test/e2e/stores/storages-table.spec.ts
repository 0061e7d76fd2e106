import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const SCRIPT = fileURLToPath(new URL('../../../scripts/storages-table.mjs', import.meta.url));
const COST = { requests: { put: 1 }, sent: 1, returned: 0 };
const OLD = { s3: { old: COST }, gcs: { old: COST }, azure: { old: COST } };

describe('the table of what storages cost', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'nestjs-tus-table-'));
    await cp(SCRIPT, join(root, 'scripts', 'storages-table.mjs'));
    await mkdir(join(root, 'docs'));
    await writeFile(join(root, 'docs', 'storages.json'), JSON.stringify(OLD));
  });
  afterEach(() => rm(root, { recursive: true }));

  /** Measures, where the spec finds these figures and ends so. */
  async function measure(figures: unknown, status = 0): Promise<{ status: number | null; stderr: string }> {
    const bin = join(root, 'node_modules', 'jest', 'bin');
    await mkdir(bin, { recursive: true });
    const write = `fs.writeFileSync(process.env.STORAGES_MEASURE, ${JSON.stringify(JSON.stringify(figures))})`;
    await writeFile(
      join(bin, 'jest.js'),
      `const fs = require('node:fs'); ${write}; process.exitCode = ${status};`,
    );
    const script = join(root, 'scripts', 'storages-table.mjs');
    return spawnSync(process.execPath, [script, '--measure'], { encoding: 'utf8' });
  }

  const kept = async () => JSON.parse(await readFile(join(root, 'docs', 'storages.json'), 'utf8')) as unknown;

  it('has what was measured just now, and no scenario that is gone', async () => {
    const figures = { s3: { new: COST }, gcs: { new: COST }, azure: { new: COST } };
    expect(await measure(figures)).toMatchObject({ status: 0 });
    expect(await kept()).toEqual(figures);
    const page = await readFile(join(root, 'docs', 'storages.md'), 'utf8');
    expect(page).toContain('| new | none | 1 request, 1 MiB to it |');
    expect(page).not.toContain('| old |');
  });

  it('stays as it is where a store was not measured, and a sentence says which', async () => {
    const { status, stderr } = await measure({ s3: { new: COST }, azure: { new: COST } });
    expect(status).toBe(1);
    expect(stderr).toContain('There is no figure of gcs for "new"');
    expect(await kept()).toEqual(OLD);
  });

  it('stays as it is where two stores of one kind differ', async () => {
    const figures = { s3: { new: COST }, gcs: { new: COST }, azure: { new: COST } };
    expect(await measure(figures, 1)).toMatchObject({ status: 1 });
    expect(await kept()).toEqual(OLD);
  });
});
