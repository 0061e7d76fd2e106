import assert from 'node:assert/strict';
import { StorageError } from '../../../model/errors/storage.error.js';
import { LeaseLostError } from '../../../locks/lease-lost.error.js';
import type { ConcatSource } from '../../../storage/upload-storage.js';
import { bytesOf, MIB } from '../bytes.js';
import type { Row } from '../row.js';
import type { Scenarios, Stage } from '../stage.js';
import { joined, partials } from './merges.js';

const LENGTHS = [5 * MIB + 1, 9, 6 * MIB, 5 * MIB - 1];
const BYTES = joined(LENGTHS);
/** More than a storage makes for one merge of these. */
const MANY = 100;

interface Merge {
  readonly rows: readonly Row[];
  readonly sources: readonly ConcatSource[];
  final(): Row;
}

async function prepared(stage: Stage): Promise<Merge> {
  const rows = await partials(stage, LENGTHS);
  return {
    rows,
    sources: rows.map((row, index) => row.source({ adoptable: index === 0 })),
    final: () => stage.row({ kind: 'final', length: BYTES.length }),
  };
}

async function expectAll(stage: Stage, { rows }: Merge, final: Row): Promise<void> {
  await stage.expectObject(final, BYTES);
  for (const [index, row] of rows.entries())
    await stage.expectReadable(row, bytesOf(LENGTHS[index] ?? 0, index + 1));
}

/** Each statement of a merge is once the last one of its process. */
async function diesAtEachStatement(stage: Stage, when: 'before' | 'after'): Promise<void> {
  const merge = await prepared(stage);
  for (let count = 1; count < MANY; count += 1) {
    const final = merge.final();
    const { reached, thaw } = final.statements.freeze(count, when);
    const dying = stage.take(final, await stage.another());
    const merging = dying.merge(merge.sources).then(() => false);
    stage.leave(merging);
    const died = await Promise.race([merging, reached.then(() => true)]);
    if (died) await stage.take(final).merge(merge.sources);
    // It was not dead.
    thaw();
    await merging.catch(() => undefined);
    await expectAll(stage, merge, final);
    if (!died) return;
  }
  assert.fail('There is no end to the statements of a merge.');
}

/** A second one takes over at each statement, and both go on. */
async function goesOnBesideItsSuccessor(stage: Stage): Promise<void> {
  const merge = await prepared(stage);
  const another = await stage.another();
  for (let count = 1, taken = true; taken; count += 1) {
    assert.ok(count < MANY, 'There is no end to the statements of a merge.');
    taken = false;
    const final = merge.final();
    let successor: Promise<void> | undefined;
    const first = stage.take(final, another);
    final.statements.follow(count, async () => {
      taken = true;
      successor = stage.take(final).merge(merge.sources);
      stage.leave(successor);
    });
    const outcome = await first.merge(merge.sources).catch((error: unknown) => error);
    if (taken)
      assert.ok(outcome instanceof LeaseLostError || outcome instanceof StorageError, String(outcome));
    await successor;
    await expectAll(stage, merge, final);
  }
}

async function losesEachStatement(stage: Stage): Promise<void> {
  const { final: newFinal, sources, rows } = await prepared(stage);
  const before = await stage.leftovers();
  for (let count = 1, lost = true; lost; count += 1) {
    assert.ok(count < MANY, 'There is no end to the statements of a merge.');
    lost = false;
    const final = newFinal();
    const writer = stage.take(final);
    final.statements.replace(count, () => {
      lost = true;
      writer.ask('lost');
      throw new LeaseLostError(final.id);
    });
    const failed = writer.concatenate(sources).then(
      () => false,
      () => true,
    );
    assert.equal(await failed, lost);
    await stage.storage.remove(stage.take(final).upload, false);
    assert.deepEqual(await stage.leftovers(), before);
  }
  for (const [index, row] of rows.entries())
    await stage.expectReadable(row, bytesOf(LENGTHS[index] ?? 0, index + 1));
}

async function diesBehindTheMerge(stage: Stage): Promise<void> {
  const merge = await prepared(stage);
  const final = merge.final();
  const dying = stage.take(final, await stage.another());
  await dying.concatenate(merge.sources);
  dying.crash();
  await stage.take(final).complete(BYTES.length);
  await expectAll(stage, merge, final);
}

/** The row did not get as far as `finishing`, or as `complete`: all of it is done once more. */
async function doneAgain(stage: Stage, published: boolean): Promise<void> {
  const merge = await prepared(stage);
  const final = merge.final();
  const dying = stage.take(final, await stage.another());
  await dying.concatenate(merge.sources);
  if (published) await stage.storage.complete(dying.whole(BYTES.length));
  dying.crash();
  await stage.take(final).merge(merge.sources);
  await expectAll(stage, merge, final);
}

async function toldToStop(stage: Stage): Promise<void> {
  const merge = await prepared(stage);
  const final = merge.final();
  const stopping = stage.take(final);
  stopping.ask('terminate');
  await stopping
    .concatenate(merge.sources)
    .catch((error: unknown) => assert.ok(error instanceof StorageError, String(error)));
  stopping.release();
  await stage.take(final).merge(merge.sources);
  await expectAll(stage, merge, final);
}

export const MERGE_CRASHES: Scenarios = {
  group: 'crashes of a merge',
  scenarios: [
    {
      title: 'a merge may die before any of its statements',
      play: (stage) => diesAtEachStatement(stage, 'before'),
    },
    {
      title: 'a merge may die after any of its statements',
      play: (stage) => diesAtEachStatement(stage, 'after'),
    },
    { title: 'a merge that goes on beside its successor spoils nothing', play: goesOnBesideItsSuccessor },
    {
      title: 'whichever statement is lost, what was stored can be found and removed',
      play: losesEachStatement,
    },
    { title: 'a crash behind the merge goes on with the completion', play: diesBehindTheMerge },
    { title: 'a merge that was done is done again', play: (stage) => doneAgain(stage, false) },
    { title: 'a merge whose object was published is done again', play: (stage) => doneAgain(stage, true) },
    { title: 'a merge that is told to stop leaves its sources, and is done again', play: toldToStop },
  ],
};
