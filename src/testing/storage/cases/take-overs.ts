import { bytesOf, MIB } from '../bytes.js';
import type { FedBody } from '../bodies.js';
import type { Row } from '../row.js';
import type { Scenarios, Stage } from '../stage.js';

/** A writer that has got these bytes, waits for more, and is taken for dead. */
async function hangs(stage: Stage, row: Row, bytes: Buffer): Promise<FedBody> {
  const writer = stage.take(row, await stage.another());
  const body = stage.body();
  stage.leave(writer.append(body));
  body.feed(bytes);
  await body.drained();
  writer.crash();
  return body;
}

async function aChain(stage: Stage): Promise<void> {
  const bytes = bytesOf(30 * MIB);
  const row = stage.row({ length: bytes.length });
  const sleepers: FedBody[] = [];
  for (const size of [0, 10, 5 * MIB + 1, 9 * MIB, 3]) {
    sleepers.push(await hangs(stage, row, bytes.subarray(row.offset, row.offset + size)));
  }
  for (const body of sleepers) body.feed(bytesOf(6 * MIB, 2));
  await stage.take(row).receive(bytes.subarray(row.offset, 25 * MIB));
  await Promise.all(sleepers.map((body) => body.drained()));
  await stage.take(row).receive(bytes.subarray(row.offset));
  await stage.expectObject(row, bytes);
}

async function withoutBytes(stage: Stage): Promise<void> {
  const bytes = bytesOf(7 * MIB);
  const row = stage.row({ length: bytes.length });
  const sleeper = await hangs(stage, row, bytes.subarray(0, MIB));
  await stage.take(row).receive(Buffer.alloc(0));
  await stage.take(row).receive(bytes.subarray(row.offset, 2 * MIB));
  sleeper.feed(bytesOf(9 * MIB, 2));
  await sleeper.drained();
  await stage.take(row).receive(bytes.subarray(row.offset));
  await stage.expectObject(row, bytes);
}

async function endsBeforeIt(stage: Stage): Promise<void> {
  const bytes = bytesOf(MIB);
  const row = stage.row();
  await stage.take(row).receive(bytes);
  const sleeper = await hangs(stage, row, Buffer.alloc(0));
  await stage.take(row).receive(Buffer.alloc(0), MIB);
  sleeper.feed(bytesOf(9 * MIB, 2));
  await stage.settle();
  await stage.expectObject(row, bytes);
}

async function completesLate(stage: Stage): Promise<void> {
  const bytes = bytesOf(6 * MIB);
  const row = stage.row({ length: bytes.length });
  const late = stage.take(row, await stage.another());
  const { finish } = await late.append(bytes);
  if (!finish) late.ask('lost');
  late.crash();
  await stage.take(row).receive(bytes.subarray(row.offset));
  finish?.discard();
  await stage.expectObject(row, bytes);
}

export const TAKE_OVERS: Scenarios = {
  group: 'writers that were taken for dead',
  scenarios: [
    { title: 'several of them that write on change nothing that counts', play: aChain },
    {
      title: 'one is kept away by a successor that brings no bytes, and from the next one too',
      play: withoutBytes,
    },
    {
      title: 'one that writes on behind the end of the upload does not reach the object',
      play: endsBeforeIt,
    },
    {
      title: 'one that has the end at hand lets go of it when another has completed the upload',
      play: completesLate,
    },
  ],
};
