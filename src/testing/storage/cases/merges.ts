import assert from 'node:assert/strict';
import { bytesOf, KIB, MIB, sizeName } from '../bytes.js';
import { assertRefused } from '../refusals.js';
import type { Row } from '../row.js';
import type { Scenarios, Stage } from '../stage.js';

/** Lists of lengths, around 5 MiB, the least that S3 copies a range of. */
const LISTS: readonly (readonly number[])[] = [
  [0],
  [1],
  [5 * MIB + 1],
  [0, 0, 0],
  [3, 4],
  [0, 7, 0],
  [5 * MIB - 1, 5 * MIB, 5 * MIB + 1],
  [5 * MIB + 1, 1, 5 * MIB - 1, 0, 5 * MIB],
  [1, 5 * MIB + 1, 5 * MIB + 1],
  [5 * MIB, 5 * MIB, 3],
  [5 * MIB - 1, 5 * MIB - 1],
];

/** Complete partials, each with bytes of its own. */
export async function partials(stage: Stage, lengths: readonly number[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [index, length] of lengths.entries()) rows.push(await stage.partial(bytesOf(length, index + 1)));
  return rows;
}

/** What they become, one behind the other. */
export function joined(lengths: readonly number[]): Buffer {
  return Buffer.concat(lengths.map((length, index) => bytesOf(length, index + 1)));
}

async function merges(stage: Stage, lengths: readonly number[], adoptable: boolean): Promise<void> {
  const rows = await partials(stage, lengths);
  const bytes = joined(lengths);
  const final = stage.row({ kind: 'final', length: bytes.length });
  const sources = rows.map((row, index) => row.source({ adoptable: adoptable && index === 0 }));
  await stage.take(final).merge(sources);
  await stage.expectObject(final, bytes);
  for (const [index, row] of rows.entries()) {
    await stage.expectReadable(row, bytesOf(lengths[index] ?? 0, index + 1));
    await stage.storage.remove(row.view, false);
  }
  await stage.expectObject(final, bytes);
}

async function sameTwice(stage: Stage, length: number): Promise<void> {
  const bytes = bytesOf(length);
  const partial = await stage.partial(bytes);
  const final = stage.row({ kind: 'final', length: 2 * length });
  await stage.take(final).merge([partial.source(), partial.source()]);
  await stage.expectObject(final, Buffer.concat([bytes, bytes]));
}

async function twoFinals(stage: Stage, atOnce: boolean): Promise<void> {
  const lengths = [6 * MIB, 7];
  const [first, second] = (await partials(stage, lengths)) as [Row, Row];
  const [ahead, back] = [first, second].map(() => stage.row({ kind: 'final', length: 6 * MIB + 7 })) as [
    Row,
    Row,
  ];
  const storage = await stage.another();
  const one = () => stage.take(ahead).merge([first.source(), second.source()]);
  const other = () => stage.take(back, storage).merge([second.source(), first.source()]);
  await (atOnce ? Promise.all([one(), other()]) : one().then(other));
  await stage.expectObject(ahead, joined(lengths));
  await stage.expectObject(back, Buffer.concat([bytesOf(7, 2), bytesOf(6 * MIB, 1)]));
}

async function writtenByMany(stage: Stage): Promise<void> {
  const bytes = bytesOf(7 * MIB);
  const partial = stage.row({ kind: 'partial', length: bytes.length });
  for (const end of [100, 100 * KIB, 6 * MIB]) {
    const writer = stage.take(partial, await stage.another());
    await writer.append(bytes.subarray(partial.offset, end));
    writer.crash();
  }
  await stage.take(partial).receive(bytes.subarray(partial.offset));
  await stage.expectReadable(partial, bytes);
  const final = stage.row({ kind: 'final', length: bytes.length });
  await stage.take(final).merge([partial.source({ adoptable: true })]);
  await stage.expectObject(final, bytes);
  await stage.expectReadable(partial, bytes);
}

/** The bytes of a partial that was released are a range of the final that it became part of (CON-27). */
async function rangesOfFinal(stage: Stage): Promise<void> {
  const lengths = [6 * MIB, 20, 5 * MIB + 9];
  const bytes = joined(lengths);
  const consumer = stage.row({ kind: 'final', length: bytes.length });
  const rows = await partials(stage, lengths);
  await stage.take(consumer).merge(rows.map((row) => row.source()));
  for (const row of rows) await stage.storage.remove(row.view, false);
  const ranges = [
    { start: 6 * MIB, length: 20 },
    { start: 6 * MIB + 20, length: 5 * MIB + 9 },
    { start: 0, length: 6 * MIB },
  ];
  const final = stage.row({ kind: 'final', length: bytes.length });
  await stage.take(final).merge(ranges.map((range) => consumer.source(range)));
  const expected = ranges.map(({ start, length }) => bytes.subarray(start, start + length));
  await stage.expectObject(final, Buffer.concat(expected));
  await stage.expectObject(consumer, bytes);
}

async function sourceGone(stage: Stage, length: number): Promise<void> {
  const [kept, gone] = (await partials(stage, [6 * MIB, length])) as [Row, Row];
  await stage.storage.remove(gone.view, false);
  const final = stage.row({ kind: 'final', length: 6 * MIB + length });
  const sources = [kept.source({ adoptable: true }), gone.source()];
  await assertRefused('missing', stage.take(final).merge(sources));
  assert.equal(await stage.place.object(final.key ?? ''), undefined);
  await stage.expectReadable(kept, bytesOf(6 * MIB));
}

export const MERGES: Scenarios = {
  group: 'concatenating',
  scenarios: [
    ...[false, true].flatMap((adoptable) => {
      const way = adoptable ? 'the first may be taken over' : 'all are kept';
      return [
        ...LISTS.map((lengths) => ({
          title: `sources of ${lengths.map(sizeName).join(', ')} are joined in order, and stay readable; ${way}`,
          play: (stage: Stage) => merges(stage, lengths, adoptable),
        })),
        {
          title: `40 sources are joined in order, and stay readable; ${way}`,
          play: (stage: Stage) =>
            merges(
              stage,
              Array.from({ length: 40 }, (_, index) => (index * 7919) % (300 * KIB)),
              adoptable,
            ),
        },
      ];
    }),
    ...[3, 5 * MIB + 1].map((length) => ({
      title: `a source of ${sizeName(length)} that is listed twice comes twice`,
      play: (stage: Stage) => sameTwice(stage, length),
    })),
    {
      title: 'two finals are made of the same partials, one after the other',
      play: (stage) => twoFinals(stage, false),
    },
    { title: 'two finals are made of the same partials at once', play: (stage) => twoFinals(stage, true) },
    { title: 'a partial that several writers left off is a source like any other', play: writtenByMany },
    { title: 'ranges of a final are sources', play: rangesOfFinal },
    ...[3, 6 * MIB].map((length) => ({
      title: `a source of ${sizeName(length)} that is gone is missing, and the others are as they were`,
      play: (stage: Stage) => sourceGone(stage, length),
    })),
  ],
};
