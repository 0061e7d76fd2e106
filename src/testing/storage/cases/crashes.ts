import assert from 'node:assert/strict';
import { LeaseLostError } from '../../../locks/lease-lost.error.js';
import { bytesOf, KIB, MIB, sizeName } from '../bytes.js';
import { isMissing } from '../refusals.js';
import type { Row } from '../row.js';
import type { Scenarios, Stage } from '../stage.js';

/** More than a storage makes for one append of these sizes. */
const MANY = 100;

async function diesAfter(stage: Stage, size: number): Promise<void> {
  const bytes = bytesOf(18 * MIB);
  const row = stage.row({ length: bytes.length });
  const writer = stage.take(row);
  const body = stage.body();
  stage.leave(writer.append(body));
  body.feed(bytes.subarray(0, size));
  await body.drained();
  writer.crash();
  await stage.take(row, await stage.another()).receive(bytes.subarray(row.offset));
  await stage.expectObject(row, bytes);
  // It was not dead.
  body.feed(bytesOf(MIB, 2));
  await stage.settle();
  await stage.expectObject(row, bytes);
}

interface Death {
  readonly when: 'before' | 'after';
  /** Where the body of the dying writer ends. */
  readonly end: number;
  /** The writer before it was taken for dead as well. */
  readonly fenced: boolean;
}

/** Each statement of an append is once the last one of its process. */
async function diesAtEachStatement(stage: Stage, { when, end, fenced }: Death): Promise<void> {
  const bytes = bytesOf(12 * MIB);
  for (let count = 1; count < MANY; count += 1) {
    const row = await begun(stage, bytes, fenced);
    const { reached } = row.statements.freeze(count, when);
    const dying = stage.take(row, await stage.another());
    const receiving = dying.receive(bytes.subarray(row.offset, end)).then(() => false);
    stage.leave(receiving);
    const died = await Promise.race([receiving, reached.then(() => true)]);
    if (died) dying.crash();
    // The next writer must not meet a freeze that this one never reached.
    else row.statements.thaw();
    if (!row.complete) await stage.take(row).receive(bytes.subarray(row.offset));
    // It was not dead.
    row.statements.thaw();
    await receiving.catch(() => undefined);
    await stage.expectObject(row, bytes);
    if (!died) return;
  }
  assert.fail('There is no end to the statements of an append.');
}

/** Two writers have been there before. */
async function begun(stage: Stage, bytes: Buffer, fenced: boolean): Promise<Row> {
  const row = stage.row({ length: bytes.length });
  await stage.take(row).receive(bytes.subarray(0, MIB));
  const writer = stage.take(row);
  if (fenced) {
    await writer.append(bytes.subarray(MIB, 2 * MIB));
    writer.crash();
  } else await writer.receive(bytes.subarray(MIB, 2 * MIB));
  return row;
}

/** Whatever a storage makes is on record before: who only has the record can remove it. */
async function losesEachStatement(stage: Stage, fenced: boolean): Promise<void> {
  const bytes = bytesOf(12 * MIB);
  for (let count = 1, lost = true; lost; count += 1) {
    assert.ok(count < MANY, 'There is no end to the statements of an append.');
    lost = false;
    const row = await begun(stage, bytes, fenced);
    const writer = stage.take(row);
    row.statements.replace(count, () => {
      lost = true;
      writer.ask('lost');
      throw new LeaseLostError(row.id);
    });
    await writer
      .append(bytes.subarray(row.offset, 11 * MIB))
      .catch((error: unknown) => assert.ok(error instanceof LeaseLostError, String(error)));
    await stage.storage.remove(stage.take(row).upload, false);
    assert.deepEqual(await stage.leftovers(), []);
  }
}

/** All bytes have come, and the process dies before it completes the upload with what it has at hand. */
async function diesBeforeTheEnd(stage: Stage, size: number): Promise<void> {
  const bytes = bytesOf(size);
  const row = stage.row({ length: size });
  await stage.take(row).receive(bytes.subarray(0, Math.floor(size / 3)));
  const dying = stage.take(row, await stage.another());
  await dying.append(bytes.subarray(row.offset));
  dying.crash();
  const next = stage.take(row);
  const open = await next.complete(size).then(() => false, isMissing);
  // What was on record before stands: the client sends the rest once more.
  if (open) {
    next.release();
    await stage.take(row).receive(bytes.subarray(row.offset));
  }
  await stage.expectObject(row, bytes);
}

/** Between the object and its row. */
async function diesBehindTheObject(stage: Stage, size: number): Promise<void> {
  const bytes = bytesOf(size);
  const row = stage.row({ length: size });
  const dying = stage.take(row, await stage.another());
  const { finish } = await dying.append(bytes);
  await (finish ? finish.complete() : stage.storage.complete(dying.whole(size)));
  dying.crash();
  await stage.take(row).complete(size);
  await stage.expectObject(row, bytes);
}

const DEATHS = ([false, true] as const).flatMap((fenced) =>
  (['before', 'after'] as const).flatMap((when) =>
    [9 * MIB, 12 * MIB].map((end): Death => ({ fenced, when, end })),
  ),
);

export const CRASHES: Scenarios = {
  group: 'crashes of a writer',
  scenarios: [
    ...[64 * KIB, 5 * MIB + 3, 9 * MIB, 17 * MIB, 18 * MIB - 1].map((size) => ({
      title: `what was told is stored when the writer dies after ${sizeName(size)}, or only seems to`,
      play: (stage: Stage) => diesAfter(stage, size),
    })),
    ...DEATHS.map((death) => ({
      title: `a writer ${death.fenced ? 'that took over, ' : ''}up to ${sizeName(death.end)} may die ${death.when} any of its statements`,
      play: (stage: Stage) => diesAtEachStatement(stage, death),
    })),
    {
      title: 'whichever statement is lost, what was stored can be found and removed',
      play: (stage) => losesEachStatement(stage, false),
    },
    {
      title: 'whichever statement is lost after a take-over, what was stored can be found and removed',
      play: (stage) => losesEachStatement(stage, true),
    },
    ...[1, 5 * MIB + 1, 17 * MIB].flatMap((size) => [
      {
        title: `${sizeName(size)}: a crash before the end leaves an upload that is whole, or open where it stood`,
        play: (stage: Stage) => diesBeforeTheEnd(stage, size),
      },
      {
        title: `${sizeName(size)}: a crash between the object and its row is recovered from`,
        play: (stage: Stage) => diesBehindTheObject(stage, size),
      },
    ]),
  ],
};
