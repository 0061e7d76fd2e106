import assert from 'node:assert/strict';
import { EVEN, ODD, SentBody } from '../bodies.js';
import { bytesOf, KIB, MIB, sizeName } from '../bytes.js';
import type { Scenario, Scenarios, Stage } from '../stage.js';

/** Around what stores take for a part: 5 MiB is the least of S3. */
const SIZES = [
  ...[0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, MIB],
  ...[5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 17 * MIB],
];
const FEW_SIZES = [0, 1, 5 * MIB + 1, 17 * MIB];

async function inOneAppend(stage: Stage, size: number): Promise<void> {
  const bytes = bytesOf(size);
  const row = stage.row({ length: size });
  await stage.take(row).receive(new SentBody(bytes, EVEN));
  await stage.expectObject(row, bytes);
}

async function inSeveralAppends(stage: Stage, size: number): Promise<void> {
  const bytes = bytesOf(size);
  const row = stage.row({ length: size });
  const another = await stage.another();
  const ends = [0.31, 0.32, 0.77].map((share) => Math.floor(size * share));
  for (const [index, end] of [...ends, size].entries()) {
    const storage = index % 2 === 0 ? stage.storage : another;
    await stage.take(row, storage).receive(new SentBody(bytes.subarray(row.offset, end), ODD));
    assert.equal(row.offset, end, 'An append that nothing disturbed stores all of its bytes.');
  }
  await stage.expectObject(row, bytes);
}

async function lengthSaidAfterwards(stage: Stage, size: number): Promise<void> {
  const bytes = bytesOf(size);
  const row = stage.row();
  await stage.take(row).receive(bytes);
  assert.equal(row.offset, size);
  await stage.take(row, await stage.another()).receive(Buffer.alloc(0), size);
  await stage.expectObject(row, bytes);
}

async function lengthSaidWithTheLastBytes(stage: Stage, size: number): Promise<void> {
  const bytes = bytesOf(size);
  const row = stage.row();
  const end = Math.floor(size * 0.6);
  await stage.take(row).receive(new SentBody(bytes.subarray(0, end), ODD));
  await stage.take(row).receive(bytes.subarray(end), size);
  await stage.expectObject(row, bytes);
}

async function manySmallAppends(stage: Stage): Promise<void> {
  const bytes = bytesOf(6 * MIB);
  const row = stage.row({ length: bytes.length });
  for (let step = 150 * KIB + 1; !row.complete; step += 7 * KIB) {
    await stage.take(row).receive(bytes.subarray(row.offset, row.offset + step));
  }
  await stage.expectObject(row, bytes);
}

async function nothingInBetween(stage: Stage): Promise<void> {
  const bytes = bytesOf(6 * MIB);
  const row = stage.row({ length: bytes.length });
  for (const end of [0, MIB, MIB, MIB, 6 * MIB - 1, 6 * MIB - 1]) {
    await stage.take(row).receive(new SentBody(bytes.subarray(row.offset, end), ODD));
    assert.equal(row.offset, end);
  }
  await stage.take(row).receive(bytes.subarray(row.offset));
  await stage.expectObject(row, bytes);
}

async function asPartial(stage: Stage, size: number): Promise<void> {
  const bytes = bytesOf(size);
  const row = stage.row({ kind: 'partial', length: size });
  const end = Math.floor(size / 2);
  await stage.take(row).receive(bytes.subarray(0, end));
  if (!row.complete) await stage.take(row).receive(bytes.subarray(end));
  await stage.expectReadable(row, bytes);
}

function forSizes(
  sizes: readonly number[],
  [before, after]: readonly [string, string],
  play: (stage: Stage, size: number) => Promise<void>,
): Scenario[] {
  return sizes.map((size) => ({
    title: `${before}${sizeName(size)}${after}`,
    play: (stage) => play(stage, size),
  }));
}

export const APPENDS: Scenarios = {
  group: 'appending',
  scenarios: [
    ...forSizes(SIZES, ['', ' in one append become the object'], inOneAppend),
    ...forSizes(
      SIZES.slice(1),
      ['', ' in several appends, in odd chunks, become the object'],
      inSeveralAppends,
    ),
    ...forSizes(
      FEW_SIZES,
      ['', ' become the object when a later request says the length'],
      lengthSaidAfterwards,
    ),
    ...forSizes(
      FEW_SIZES,
      ['', ' become the object when the last append says the length'],
      lengthSaidWithTheLastBytes,
    ),
    ...forSizes(FEW_SIZES, ['a partial of ', ' is read as it was sent'], asPartial),
    { title: 'many small appends become the object', play: manySmallAppends },
    { title: 'appends without bytes change nothing, wherever the upload stands', play: nothingInBetween },
  ],
};
