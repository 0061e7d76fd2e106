import assert from 'node:assert/strict';
import { bytesOf, MIB, sizeName } from '../bytes.js';
import { assertRefused, isMissing } from '../refusals.js';
import type { Row } from '../row.js';
import type { Scenarios, Stage } from '../stage.js';

const SIZES = [0, 1, 5 * MIB + 1, 17 * MIB];

/** All bytes are durable; what is left to do is to complete it. */
async function durable(stage: Stage, bytes: Buffer): Promise<Row> {
  const row = stage.row();
  await stage.take(row).receive(bytes);
  row.length = bytes.length;
  return row;
}

async function again(stage: Stage, size: number): Promise<void> {
  const bytes = bytesOf(size);
  const row = await durable(stage, bytes);
  await stage.storage.complete(stage.take(row).whole(size));
  const another = await stage.another();
  await another.complete(stage.take(row).whole(size));
  await stage.take(row, another).complete(size);
  await stage.expectObject(row, bytes);
}

async function whenAllIsClearedUp(stage: Stage, size: number): Promise<void> {
  const bytes = bytesOf(size);
  const row = await durable(stage, bytes);
  // It wakes up when its successor has done everything: a storage may have no proof any more that the object is ours.
  const late = stage.take(row, await stage.another());
  await stage.take(row).complete(size);
  await stage.storage.complete(late.whole(size)).catch(isMissing);
  await stage.expectObject(row, bytes);
}

async function twoAtOnce(stage: Stage, size: number): Promise<void> {
  const bytes = bytesOf(size);
  const row = await durable(stage, bytes);
  const [one, other] = [stage.take(row), stage.take(row)];
  const another = await stage.another();
  await Promise.all([stage.storage.complete(one.whole(size)), another.complete(other.whole(size))]);
  other.recordCompletion(size);
  await stage.expectObject(row, bytes);
}

async function withoutTheBytes(stage: Stage, size: number, stored: number): Promise<void> {
  const bytes = bytesOf(size);
  const row = stage.row({ length: size });
  if (stored > 0) await stage.take(row).receive(bytes.subarray(0, stored));
  const recovery = stage.take(row);
  await assertRefused('missing', recovery.complete(size));
  assert.equal(await stage.place.object(row.key ?? ''), undefined);
  recovery.release();
  await stage.take(row).receive(bytes.subarray(row.offset));
  await stage.expectObject(row, bytes);
}

async function notBefore(stage: Stage): Promise<void> {
  const bytes = bytesOf(17 * MIB);
  const row = stage.row({ length: bytes.length });
  const absent = async () => assert.equal(await stage.place.object(row.key ?? ''), undefined);
  for (const end of [1, 6 * MIB, 16 * MIB]) {
    await stage.take(row).receive(bytes.subarray(row.offset, end));
    await absent();
  }
  const last = stage.take(row);
  const { finish } = await last.append(bytes.subarray(row.offset));
  await absent();
  await last.complete(bytes.length, finish);
  await stage.expectObject(row, bytes);
}

async function partialTwice(stage: Stage, size: number): Promise<void> {
  const bytes = bytesOf(size);
  const row = await stage.partial(bytes);
  await stage.take(row).complete(size);
  await stage.expectReadable(row, bytes);
}

export const COMPLETIONS: Scenarios = {
  group: 'completing',
  scenarios: [
    { title: 'nothing is under the key before the upload is completed', play: notBefore },
    ...SIZES.flatMap((size) => [
      {
        title: `${sizeName(size)}: whoever completes it again finds the object`,
        play: (stage: Stage) => again(stage, size),
      },
      {
        title: `${sizeName(size)}: two at once both succeed`,
        play: (stage: Stage) => twoAtOnce(stage, size),
      },
      {
        title: `${sizeName(size)}: a partial is completed again after a lost answer`,
        play: (stage: Stage) => partialTwice(stage, size),
      },
    ]),
    // One without bytes may take the object for another's: by then its row is complete, and nobody asks.
    ...SIZES.slice(1).map((size) => ({
      title: `${sizeName(size)}: whoever comes when all is cleared up leaves the object as it is`,
      play: (stage: Stage) => whenAllIsClearedUp(stage, size),
    })),
    ...[
      [5, 0],
      [5, 3],
      [12 * MIB, 0],
      [12 * MIB, 6 * MIB + 1],
    ].map(([size = 0, stored = 0]) => ({
      title: `an upload of ${sizeName(size)} that has ${sizeName(stored)} is missing the others, and takes them`,
      play: (stage: Stage) => withoutTheBytes(stage, size, stored),
    })),
  ],
};
