import assert from 'node:assert/strict';
import { EndlessBody, SentBody } from '../bodies.js';
import { bytesOf, KIB, MIB, sizeName } from '../bytes.js';
import type { Scenarios, Stage } from '../stage.js';

const CUTS = [1, 64 * KIB + 1, 5 * MIB - 1, 9 * MIB, 17 * MIB - 1];
const UNVERIFIED = [100, 5 * MIB + 1, 9 * MIB, 17 * MIB];

async function cut(stage: Stage, size: number): Promise<void> {
  const bytes = bytesOf(17 * MIB);
  const row = stage.row({ length: bytes.length });
  await stage.take(row).receive(bytes.subarray(0, size));
  assert.equal(row.offset, size, 'All that was handed over counts.');
  await stage.take(row, await stage.another()).receive(bytes.subarray(size));
  await stage.expectObject(row, bytes);
}

async function askedToStop(stage: Stage): Promise<void> {
  const bytes = bytesOf(12 * MIB);
  const row = stage.row({ length: bytes.length });
  const body = stage.body();
  const writer = stage.take(row);
  const receiving = writer.receive(body);
  body.feed(bytes.subarray(0, 9 * MIB));
  await body.drained();
  writer.ask('append');
  body.feed(bytes.subarray(9 * MIB, 9 * MIB + 77));
  body.end();
  await receiving;
  assert.equal(row.offset, 9 * MIB + 77, 'What a body had gathered when it was stopped counts.');
  await stage.take(row).receive(bytes.subarray(row.offset));
  await stage.expectObject(row, bytes);
}

async function leavesEndlessBody(stage: Stage): Promise<void> {
  const bytes = bytesOf(64 * MIB);
  const row = stage.row();
  const writer = stage.take(row);
  await writer.receive(new EndlessBody(bytes, (count) => count === 40 && writer.ask('append')));
  await stage.take(row).receive(Buffer.alloc(0), row.offset);
  await stage.expectObject(row, bytes.subarray(0, row.offset));
}

async function askedBeforeTheFirstByte(stage: Stage): Promise<void> {
  const bytes = bytesOf(100 * KIB);
  const row = stage.row({ length: bytes.length });
  const writer = stage.take(row);
  writer.ask('append');
  await writer.receive(new SentBody(bytes.subarray(0, KIB)));
  await stage.take(row).receive(bytes.subarray(row.offset));
  await stage.expectObject(row, bytes);
}

/** The row keeps its offset, and the next append brings other bytes for the same place. */
async function unverified(stage: Stage, size: number, { start = 0, ends = false } = {}): Promise<void> {
  const bytes = bytesOf(start + size + (ends ? 0 : 3 * MIB));
  const row = stage.row({ length: bytes.length });
  if (start > 0) await stage.take(row).receive(bytes.subarray(0, start));
  for (const seed of [2, 3]) {
    const writer = stage.take(row);
    const { offset, finish } = await writer.append(bytesOf(size, seed));
    assert.equal(offset, start + size);
    finish?.discard();
    writer.release();
  }
  await stage.take(row).receive(bytes.subarray(start));
  await stage.expectObject(row, bytes);
}

async function shorterThanTheUnverified(stage: Stage): Promise<void> {
  const bytes = bytesOf(12 * MIB);
  const row = stage.row({ length: bytes.length });
  const writer = stage.take(row);
  await writer.append(bytesOf(11 * MIB, 2));
  writer.release();
  await stage.take(row).receive(bytes.subarray(0, 3));
  assert.equal(row.offset, 3);
  await stage.take(row).receive(bytes.subarray(3, 6 * MIB));
  await stage.take(row).receive(bytes.subarray(6 * MIB));
  await stage.expectObject(row, bytes);
}

async function beyondTheLength(stage: Stage): Promise<void> {
  const row = stage.row();
  const writer = stage.take(row);
  await writer.append(bytesOf(6 * MIB));
  writer.release();
  await stage.take(row).receive(bytesOf(10), 10);
  await stage.expectObject(row, bytesOf(10));
}

export const STOPS: Scenarios = {
  group: 'bodies that stop, and bytes that do not count',
  scenarios: [
    ...CUTS.map((size) => ({
      title: `a body that is cut after ${sizeName(size)} keeps them`,
      play: (stage: Stage) => cut(stage, size),
    })),
    { title: 'a body that is told to stop keeps all that it had gathered', play: askedToStop },
    { title: 'a writer that is told to stop leaves a body that goes on', play: leavesEndlessBody },
    {
      title: 'a writer that is told to stop before its first byte spoils nothing',
      play: askedBeforeTheFirstByte,
    },
    ...UNVERIFIED.map((size) => ({
      title: `${sizeName(size)} that did not verify are replaced by what is sent in their place`,
      play: (stage: Stage) => unverified(stage, size),
    })),
    ...UNVERIFIED.map((size) => ({
      title: `${sizeName(size)} that did not verify, behind others, are replaced by what is sent in their place`,
      play: (stage: Stage) => unverified(stage, size, { start: MIB + 1 }),
    })),
    ...UNVERIFIED.map((size) => ({
      title: `${sizeName(size)} to the end of the upload that did not verify are replaced by what is sent in their place`,
      play: (stage: Stage) => unverified(stage, size, { start: 6 * MIB, ends: true }),
    })),
    ...UNVERIFIED.map((size) => ({
      title: `a whole upload of ${sizeName(size)} that did not verify is replaced by what is sent in its place`,
      play: (stage: Stage) => unverified(stage, size, { ends: true }),
    })),
    {
      title: 'bytes that do not count may be more than what is sent in their place',
      play: shorterThanTheUnverified,
    },
    {
      title: 'bytes that do not count do not reach the object when the upload ends before them',
      play: beyondTheLength,
    },
  ],
};
