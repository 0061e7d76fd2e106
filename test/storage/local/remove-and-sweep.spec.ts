import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { utimes, writeFile } from 'node:fs/promises';
import { Bench, Row } from './support.js';

let bench: Bench;
beforeEach(async () => void (bench = await Bench.open()));
afterEach(() => bench.close());

describe('removing a local upload (TER-01)', () => {
  test('an upload whose id another id begins with is left alone', async () => {
    await new Row({ id: 'up2' }).append(bench.storage, 'abc');
    const row = new Row({ id: 'up', epoch: 2 });
    await row.append(bench.storage, 'abc', true);
    await bench.storage.remove(row.upload, false);
    expect(await bench.working()).toEqual(['up2']);
  });
});

/** Leaves an empty working file that was last written so long ago. */
async function leave(name: string, ageMinutes: number): Promise<void> {
  await writeFile(bench.workPath(name), '');
  const time = new Date(Date.now() - ageMinutes * 60_000);
  await utimes(bench.workPath(name), time, time);
}

describe('sweeping', () => {
  test('removes old files of ids that no row knows, and nothing else', async () => {
    await leave('gone', 61);
    await leave('gone.2', 61);
    await leave('gone.2.whole', 61);
    await leave('gone.reserved', 61);
    await leave('young', 59);
    await leave('known', 600);
    await leave('known.3', 600);
    await leave('.nfs0001', 600);
    expect(await bench.storage.sweep(async () => new Set(['known']))).toBe(4);
    expect(await bench.working()).toEqual(['.nfs0001', 'known', 'known.3', 'young']);
  });

  test('asks for 500 ids at once, each once', async () => {
    for (let index = 0; index < 1001; index += 1) await leave(`id${index}`, 61);
    const asked: number[] = [];
    const known = async (ids: readonly string[]) => {
      asked.push(ids.length);
      return new Set(ids.filter((id) => id.endsWith('7')));
    };
    expect(await bench.storage.sweep(known)).toBe(901);
    expect(asked).toEqual([500, 500, 1]);
    expect(await bench.working()).toHaveLength(100);
  });

  test('asks nobody where nothing is left', async () => {
    expect(await bench.storage.sweep(async () => Promise.reject(new Error('asked')))).toBe(0);
  });
});
