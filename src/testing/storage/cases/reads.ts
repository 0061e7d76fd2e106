import type { Readable } from 'node:stream';
import type { ByteRange } from '../../../storage/upload-storage.js';
import { assertBytes, bytesOf, MIB, readAll, sizeName } from '../bytes.js';
import { assertRefused } from '../refusals.js';
import type { Row } from '../row.js';
import type { Scenarios, Stage } from '../stage.js';

const SIZE = 9 * MIB + 5;

const RANGES: readonly ByteRange[] = [
  { start: 0, end: 0 },
  { start: 0, end: SIZE - 1 },
  { start: 1, end: 100 },
  { start: 5 * MIB - 3, end: 8 * MIB + 3 },
  { start: 8 * MIB, end: 8 * MIB },
  { start: SIZE - 1, end: SIZE - 1 },
  { start: SIZE - 100, end: SIZE - 1 },
];

/** Some of the writers before the last one may still write. */
async function ofSeveralWriters(stage: Stage, kind: 'single' | 'partial'): Promise<Row> {
  const row = stage.row({ kind, length: SIZE });
  for (const end of [3, 6 * MIB, 7 * MIB]) {
    const writer = stage.take(row, await stage.another());
    await writer.append(bytesOf(SIZE).subarray(row.offset, end));
    writer.crash();
  }
  await stage.take(row).receive(bytesOf(SIZE).subarray(row.offset));
  return row;
}

async function everyRange(stage: Stage, kind: 'single' | 'partial'): Promise<void> {
  const row = await ofSeveralWriters(stage, kind);
  await stage.expectReadable(row, bytesOf(SIZE));
  for (const range of RANGES) {
    const bytes = await readAll(await stage.storage.read(row.view, range));
    assertBytes(bytes, bytesOf(SIZE).subarray(range.start, range.end + 1), JSON.stringify(range));
  }
}

async function manyAtOnce(stage: Stage): Promise<void> {
  const row = await stage.stored(bytesOf(SIZE));
  await Promise.all(Array.from({ length: 8 }, () => stage.expectReadable(row, bytesOf(SIZE))));
}

async function leftEarly(stage: Stage): Promise<void> {
  const row = await stage.stored(bytesOf(SIZE));
  const unread = await stage.storage.read(row.view);
  unread.destroy();
  await closed(unread);
  const begun = await stage.storage.read(row.view);
  for await (const chunk of begun) {
    assertBytes(chunk as Buffer, bytesOf(SIZE).subarray(0, (chunk as Buffer).length), 'The first chunk');
    break;
  }
  await closed(begun);
  await stage.expectReadable(row, bytesOf(SIZE));
}

/** With or without an error: nobody reads any more. */
async function closed(stream: Readable): Promise<void> {
  if (!stream.closed) await new Promise<void>((resolve) => stream.once('close', () => resolve()));
}

async function removedWhileRead(stage: Stage): Promise<void> {
  const row = await stage.stored(bytesOf(SIZE));
  const stream = await stage.storage.read(row.view);
  const reading = stream[Symbol.asyncIterator]();
  const chunks = [(await reading.next()).value as Buffer];
  await stage.storage.remove(stage.take(row).upload, true);
  const rest = (async () => {
    for (let next = await reading.next(); !next.done; next = await reading.next())
      chunks.push(next.value as Buffer);
    return true;
  })();
  // It may fail; but if it ends, it ends with the last byte.
  if (await rest.catch(() => false)) assertBytes(Buffer.concat(chunks), bytesOf(SIZE), 'What was read');
}

async function gone(stage: Stage, size: number): Promise<void> {
  const row = await stage.stored(bytesOf(size));
  await stage.storage.remove(stage.take(row).upload, true);
  const read = (async () => readAll(await stage.storage.read(row.view)))();
  await assertRefused('missing', read);
}

/** A checksum may come behind a body: what was stored just now is read once more (CHK-13). */
async function unfinished(stage: Stage): Promise<void> {
  const { storage } = stage;
  if (!storage.readUnfinished) return;
  const bytes = bytesOf(SIZE);
  const row = stage.row();
  await stage.take(row).receive(bytes.subarray(0, 2 * MIB));
  const writer = stage.take(row);
  const { offset } = await writer.append(bytes.subarray(2 * MIB));
  const range = { start: 2 * MIB, end: offset - 1 };
  const read = await readAll(await storage.readUnfinished(writer.upload, range));
  assertBytes(read, bytes.subarray(2 * MIB, offset), 'What is not counted yet');
  writer.release();
}

export const READS: Scenarios = {
  group: 'reading',
  scenarios: [
    { title: 'an object is given whole and in every range', play: (stage) => everyRange(stage, 'single') },
    { title: 'a partial is given whole and in every range', play: (stage) => everyRange(stage, 'partial') },
    { title: 'several readers at once get every byte', play: manyAtOnce },
    { title: 'a reader may leave before the first byte, and after it', play: leftEarly },
    {
      title: 'a stream of an object that is removed meanwhile gives every byte or fails',
      play: removedWhileRead,
    },
    ...[0, 10, SIZE].map((size) => ({
      title: `an object of ${sizeName(size)} that is gone is missing`,
      play: (stage: Stage) => gone(stage, size),
    })),
    { title: 'bytes that no row counts yet are read back by a storage that can', play: unfinished },
  ],
};
