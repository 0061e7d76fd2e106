import assert from 'node:assert/strict';
import { bytesOf, MIB, sizeName } from '../bytes.js';
import type { Row } from '../row.js';
import type { Scenario, Scenarios, Stage } from '../stage.js';
import { partials } from './merges.js';

const SIZES = [0, 1, 5 * MIB + 1, 17 * MIB];

/** Removed twice, by two processes: nothing is left, not even on record. */
async function expectRemoved(stage: Stage, row: Row, published: boolean): Promise<void> {
  await stage.storage.remove(stage.take(row).upload, published);
  const another = await stage.another();
  await another.remove(stage.take(row).upload, published);
  assert.deepEqual(await stage.leftovers(), []);
  assert.equal(row.parts.size, 0, 'Parts are still on record.');
  if (row.key !== null) assert.equal(await stage.place.object(row.key), undefined);
}

async function untouched(stage: Stage): Promise<void> {
  for (const kind of ['single', 'partial', 'final'] as const) {
    const row = stage.row({ kind, length: 5 });
    await expectRemoved(stage, row, false);
    await stage.storage.discardWork(row.view);
  }
}

async function unfinished(stage: Stage, size: number): Promise<void> {
  for (const kind of ['single', 'partial'] as const) {
    const row = stage.row({ kind });
    await stage.take(row).receive(bytesOf(size));
    await expectRemoved(stage, row, false);
  }
}

async function complete(stage: Stage, size: number): Promise<void> {
  await expectRemoved(stage, await stage.stored(bytesOf(size)), true);
  await expectRemoved(stage, await stage.partial(bytesOf(size)), false);
}

/** The process died between the object and its row; then the upload was deleted. */
async function publishedButNotRecorded(stage: Stage, size: number): Promise<void> {
  const row = stage.row({ length: size });
  const writer = stage.take(row);
  const { finish } = await writer.append(bytesOf(size));
  await (finish ? finish.complete() : stage.storage.complete(writer.whole(size)));
  writer.crash();
  await expectRemoved(stage, row, false);
}

async function completeButNotCleared(stage: Stage, size: number): Promise<void> {
  const row = stage.row();
  await stage.take(row).receive(bytesOf(size));
  const writer = stage.take(row);
  await stage.storage.complete(writer.whole(size));
  writer.recordCompletion(size);
  for (let time = 0; time < 2; time += 1) {
    await stage.storage.discardWork(row.view);
    assert.deepEqual(await stage.leftovers(), []);
    assert.equal(row.parts.size, 0, 'Parts are still on record.');
    await stage.expectObject(row, bytesOf(size));
  }
}

async function afterCrashes(stage: Stage): Promise<void> {
  const row = stage.row({ length: 20 * MIB });
  for (const end of [3, 6 * MIB, 15 * MIB]) {
    const writer = stage.take(row, await stage.another());
    await writer.append(bytesOf(end).subarray(row.offset));
    writer.crash();
  }
  await expectRemoved(stage, row, false);
}

/** A client deletes what another one still sends. */
async function whileItIsWritten(stage: Stage, way: 'asked' | 'taken for dead'): Promise<void> {
  const row = stage.row({ length: 20 * MIB });
  const writer = stage.take(row, await stage.another());
  const body = stage.body();
  const appending = writer.append(body);
  stage.leave(appending);
  body.feed(bytesOf(10 * MIB));
  await body.drained();
  if (way === 'asked') {
    writer.ask('terminate');
    body.end();
    await appending;
    writer.release();
  } else writer.crash();
  await stage.storage.remove(stage.take(row).upload, false);
  body.feed(bytesOf(MIB));
  await stage.settle();
  await expectRemoved(stage, row, false);
}

async function unmergedFinal(stage: Stage): Promise<void> {
  const rows = await partials(stage, [6 * MIB, 5]);
  const before = await stage.leftovers();
  const final = stage.row({ kind: 'final', length: 6 * MIB + 5 });
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const writer = stage.take(final, await stage.another());
    await writer.concatenate(rows.map((row) => row.source()));
    writer.crash();
  }
  await stage.storage.remove(stage.take(final).upload, false);
  assert.deepEqual(await stage.leftovers(), before);
  for (const [index, row] of rows.entries()) await stage.expectReadable(row, bytesOf(row.offset, index + 1));
}

async function onlyThisOne(stage: Stage): Promise<void> {
  const kept = await stage.stored(bytesOf(6 * MIB), { key: 'videos/a' });
  const partial = await stage.partial(bytesOf(MIB));
  const open = stage.row({ length: 3 * MIB });
  await stage.take(open).receive(bytesOf(MIB));
  const removed = await stage.stored(bytesOf(7), { key: 'videos/b' });
  await stage.storage.remove(stage.take(removed).upload, true);
  await stage.expectObject(kept, bytesOf(6 * MIB));
  await stage.expectReadable(partial, bytesOf(MIB));
  await stage.take(open).receive(bytesOf(3 * MIB).subarray(MIB));
  await stage.expectObject(open, bytesOf(3 * MIB));
}

function forSizes(what: string, play: (stage: Stage, size: number) => Promise<void>): Scenario[] {
  return SIZES.map((size) => ({ title: `${sizeName(size)}: ${what}`, play: (stage) => play(stage, size) }));
}

export const REMOVALS: Scenarios = {
  group: 'removing',
  scenarios: [
    { title: 'an upload that stored nothing can be removed', play: untouched },
    ...forSizes('an unfinished upload leaves nothing', unfinished),
    ...forSizes('a complete upload leaves nothing', complete),
    ...forSizes('one that was published but not recorded leaves nothing', publishedButNotRecorded),
    ...forSizes('working bytes of a complete upload can be discarded again and again', completeButNotCleared),
    { title: 'an upload that several writers left off leaves nothing', play: afterCrashes },
    ...(['asked', 'taken for dead'] as const).map((way) => ({
      title: `an upload that is still written to leaves nothing; its writer is ${way}`,
      play: (stage: Stage) => whileItIsWritten(stage, way),
    })),
    {
      title: 'a final that was never completed takes every attempt with it, and no partial',
      play: unmergedFinal,
    },
    { title: 'no other upload is touched', play: onlyThisOne },
  ],
};
