import assert from 'node:assert/strict';
import { StorageError } from '../../../model/errors/storage.error.js';
import { assertBytes, bytesOf, MIB, sizeName } from '../bytes.js';
import { assertRefused } from '../refusals.js';
import type { Scenario, Scenarios, Stage } from '../stage.js';

/** Every storage holds them, and under exactly this name. */
const HELD = [
  'plain',
  'videos/2026/holiday.mp4',
  'with space, (brackets) & "quotes".txt',
  'a+b=c?d#e%20f;g',
  'größe/日本語/🎬.mov',
  `long/${'x'.repeat(255)}`,
];
/** No storage holds them. */
const REFUSED = ['', 'x'.repeat(1025), 'half \ud83c of a pair', 'a\u0000b'];
/** A storage refuses them, or holds them under exactly this name. */
const DOUBTFUL = [
  '../outside',
  'a/../b',
  './a',
  '/absolute',
  'a//b',
  'folder/',
  'a\\b',
  'a\nb',
  '.tus/work/x',
  'CON',
];

async function holds(stage: Stage, key: string): Promise<void> {
  stage.storage.checkKey(key);
  const bytes = bytesOf(1000);
  await stage.expectObject(await stage.stored(bytes, { key }), bytes);
}

async function refuses(stage: Stage, key: string): Promise<void> {
  assert.throws(() => stage.storage.checkKey(key), isConflict);
}

async function refusesOrHolds(stage: Stage, key: string): Promise<void> {
  try {
    stage.storage.checkKey(key);
  } catch (error) {
    assert.ok(isConflict(error), `Not a conflict: ${String(error)}`);
    return;
  }
  await holds(stage, key);
}

function isConflict(error: unknown): boolean {
  return error instanceof StorageError && error.kind === 'conflict';
}

interface Foreign {
  readonly size: number;
  readonly bytes: Buffer;
}

/** An object is not replaced, and not taken for ours, in whichever way an upload reaches its end. */
async function foreign(stage: Stage, { size, bytes }: Foreign, appends: 1 | 2): Promise<void> {
  const row = stage.row({ key: 'taken/name', length: size });
  await stage.place.putObject('taken/name', bytes);
  if (appends === 2) await stage.take(row).receive(bytesOf(size).subarray(0, size - 1));
  const last = stage.take(row, await stage.another());
  await assertRefused('conflict', last.receive(bytesOf(size).subarray(row.offset)));
  await assertRefused('conflict', stage.take(row).complete(size)).catch(missing);
  await stage.storage.remove(stage.take(row).upload, false);
  assertBytes(await stage.place.object('taken/name'), bytes, 'The foreign object');
  assert.deepEqual(await stage.leftovers(), []);
}

/** The bytes that were at hand may be gone: then that is the reason. */
function missing(error: unknown): void {
  if (!(error instanceof assert.AssertionError) || error.actual !== 'missing') throw error;
}

async function foreignBesideUnfinished(stage: Stage, appended: number): Promise<void> {
  const row = stage.row({ key: 'taken', length: 6 * MIB });
  await stage.place.putObject('taken', bytesOf(6 * MIB));
  if (appended > 0) await stage.take(row).receive(bytesOf(appended));
  await stage.storage.remove(stage.take(row).upload, false);
  await stage.storage.remove(stage.take(row).upload, false);
  assertBytes(await stage.place.object('taken'), bytesOf(6 * MIB), 'The foreign object');
  assert.deepEqual(await stage.leftovers(), []);
}

/** A crash came before the first byte of an upload that its row says is whole. */
async function foreignOfItsSize(stage: Stage, size: number): Promise<void> {
  const row = stage.row({ key: 'taken', length: size });
  await stage.place.putObject('taken', bytesOf(size, 2));
  await assert.rejects(stage.take(row).complete(size), StorageError);
  await stage.storage.remove(stage.take(row).upload, false);
  assertBytes(await stage.place.object('taken'), bytesOf(size, 2), 'The foreign object');
}

async function foreignToFinal(stage: Stage): Promise<void> {
  const bytes = bytesOf(6 * MIB);
  const row = stage.row({ kind: 'final', key: 'taken', length: bytes.length });
  const partial = await stage.partial(bytes);
  await stage.place.putObject('taken', bytes);
  await assertRefused('conflict', stage.take(row).merge([partial.source({ adoptable: true })]));
  await stage.storage.remove(stage.take(row).upload, false);
  assertBytes(await stage.place.object('taken'), bytes, 'The foreign object');
  await stage.expectReadable(partial, bytes);
}

async function sameKeyAgain(stage: Stage): Promise<void> {
  const first = await stage.stored(bytesOf(6 * MIB), { key: 'name' });
  const second = stage.row({ key: 'name', length: 10 });
  await assertRefused('conflict', stage.take(second).receive(bytesOf(10)));
  await stage.storage.remove(stage.take(second).upload, false);
  await stage.expectObject(first, bytesOf(6 * MIB));
  await stage.storage.remove(stage.take(first).upload, true);
  const third = await stage.stored(bytesOf(10, 3), { key: 'name' });
  await stage.expectObject(third, bytesOf(10, 3));
}

function forKeys(
  keys: readonly string[],
  what: string,
  play: (stage: Stage, key: string) => Promise<void>,
): Scenario[] {
  return keys.map((key) => ({ title: `the key ${shown(key)} ${what}`, play: (stage) => play(stage, key) }));
}

function shown(key: string): string {
  return key.length > 60
    ? `${JSON.stringify(key.slice(0, 10))} of ${key.length} characters`
    : JSON.stringify(key);
}

const FOREIGN = [1, 5 * MIB + 1].flatMap((size) =>
  [
    { what: 'an empty object', bytes: Buffer.alloc(0) },
    { what: 'another object', bytes: bytesOf(100, 9) },
    { what: 'an object with the same bytes', bytes: bytesOf(size) },
  ].map(({ what, bytes }) => ({ size, what, bytes })),
);

export const KEYS: Scenarios = {
  group: 'keys, and who has them',
  scenarios: [
    ...forKeys(HELD, 'is held as it is', holds),
    ...forKeys(REFUSED, 'is refused', refuses),
    ...forKeys(DOUBTFUL, 'is refused, or held as it is', refusesOrHolds),
    ...FOREIGN.flatMap(({ what, ...object }) => [
      {
        title: `${what} under the key is never replaced by one append of ${sizeName(object.size)}`,
        play: (stage: Stage) => foreign(stage, object, 1),
      },
      {
        title: `${what} under the key is never replaced at the end of several appends of ${sizeName(object.size)}`,
        play: (stage: Stage) => foreign(stage, object, 2),
      },
    ]),
    {
      title: 'an empty upload does not take an empty object for its own',
      play: (stage: Stage) => foreign(stage, { size: 0, bytes: Buffer.alloc(0) }, 1),
    },
    ...[0, 3, 6 * MIB - 1].map((appended) => ({
      title: `an object stays that had the key before an upload, removed after ${sizeName(appended)}`,
      play: (stage: Stage) => foreignBesideUnfinished(stage, appended),
    })),
    ...[0, 1, 6 * MIB].map((size) => ({
      title: `recovery takes no object of ${sizeName(size)} for an upload of which no byte came`,
      play: (stage: Stage) => foreignOfItsSize(stage, size),
    })),
    { title: 'a final does not replace the object under its key', play: foreignToFinal },
    { title: 'a key can be used again once its object is removed, not before', play: sameKeyAgain },
  ],
};
