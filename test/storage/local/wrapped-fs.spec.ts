import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fs from 'node:fs';

const { read, writev } = fs;

beforeAll(() => {
  // As an agent does it that counts calls: what `promisify` looks for on the function is not there.
  fs.read = ((...input: Parameters<typeof read>) => read(...input)) as typeof read;
  fs.writev = ((...input: Parameters<typeof writev>) => writev(...input)) as typeof writev;
});
afterAll(() => {
  Object.assign(fs, { read, writev });
});

test('bytes are stored and counted where a tool has wrapped `fs` before this package was loaded', async () => {
  const { batches, Bench, partial, Row } = await import('./support.js');
  const bench = await Bench.open();
  try {
    const row = new Row({ id: 'up' });
    const stored = await bench.storage.append(row.upload, batches('abc', 'def'), row.context());
    expect(stored).toEqual({ offset: 6 });

    const cut = { ...(await partial(bench.storage, 'cut', 'abc')), length: 4 };
    const final = new Row({ id: 'final', kind: 'final', length: 4, offset: 4 });
    const merged = bench.storage.concatenate(
      final.upload,
      [{ upload: cut, start: 0, length: 4, adoptable: false }],
      final.context(),
    );
    await expect(merged).rejects.toMatchObject({ kind: 'missing' });
  } finally {
    await bench.close();
  }
});
