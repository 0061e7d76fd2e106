import { expect, it } from '@jest/globals';
import type { UploadStorage } from '../../src/storage/upload-storage.js';
import { content } from '../support/content.js';
import { MIB, Row } from './row.js';

/** A storage in front of an object store, as the specs of each store open it. */
export interface ObjectDesk {
  readonly storage: UploadStorage;
  /** Another process on the same store. */
  again(): UploadStorage;
  object(key: string): Promise<Buffer | undefined>;
}

/** Partials of these lengths, complete. */
export async function partials(storage: UploadStorage, lengths: readonly number[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [index, length] of lengths.entries()) {
    const row = new Row({ kind: 'partial', length });
    if (length === 0) row.keep(await storage.complete(row.whole), 0);
    else await row.send(storage, content(length, index));
    rows.push(row);
  }
  return rows;
}

/** The bytes of such partials, merged. */
export function whole(lengths: readonly number[]): Buffer {
  return Buffer.concat(lengths.map((length, index) => content(length, index)));
}

export async function merge(storage: UploadStorage, final: Row, sources: readonly Row[]): Promise<void> {
  await storage.concatenate(
    final.upload,
    sources.map((row) => row.source()),
    final.context(),
  );
  final.offset = sources.reduce((sum, { offset }) => sum + offset, 0);
  await storage.complete(final.whole);
}

/** What holds for merges in every object store, however it copies. */
export function mergeCases(desk: () => ObjectDesk): void {
  it('makes an empty object of partials without bytes', async () => {
    const sources = await partials(desk().storage, [0, 0]);
    const final = new Row({ kind: 'final' });
    await merge(desk().storage, final, sources);

    expect(await desk().object(final.key)).toHaveLength(0);
  });

  it('takes one partial several times, and ranges of another object', async () => {
    const { storage } = desk();
    const [source = new Row()] = await partials(storage, [6 * MIB]);
    const final = new Row({ kind: 'final' });
    const ranges = [source.source(), source.source(MIB, 2 * MIB), source.source(0, 10)];
    await storage.concatenate(final.upload, ranges, final.context());
    final.offset = 8 * MIB + 10;
    await storage.complete(final.whole);

    const bytes = content(6 * MIB, 0);
    const expected = [bytes, bytes.subarray(MIB, 3 * MIB), bytes.subarray(0, 10)];
    expect((await desk().object(final.key))?.equals(Buffer.concat(expected))).toBe(true);
  });

  it('finds what a merge has published before its process died', async () => {
    const lengths = [6 * MIB, 7 * MIB];
    const sources = await partials(desk().storage, lengths);
    const final = new Row({ kind: 'final' });
    await merge(desk().storage, final, sources);
    final.offset = 0;
    await merge(desk().again(), final.take(), sources);

    expect((await desk().object(final.key))?.equals(whole(lengths))).toBe(true);
  });
}
