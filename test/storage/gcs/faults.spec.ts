import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { StorageError } from '../../../src/model/errors/storage.error.js';
import type { GcsStorage } from '../../../src/storage/gcs/index.js';
import { Random } from '../../reliability/random.js';
import { GCS_KINDS } from '../../support/gcs-proxy/request-kind.js';
import type { GcsKind } from '../../support/gcs-proxy/request-kind.js';
import { seededFaultsOf } from '../../support/s3-proxy/fault.js';
import type { FaultPlan } from '../../support/s3-proxy/fault.js';
import { onFakeGcs } from '../../support/services/each-gcs-service.js';
import { content, Desk, MIB, Row } from './support.js';

/** More with the variable: each sends two partials and merges them. */
const RUNS = Number(process.env['GCS_FAULT_RUNS'] ?? 6);
const FIRST = Number(process.env['GCS_FAULT_SEED'] ?? 1);
/** Times that a call is made before the faults end, so that each run ends. */
const PATIENCE = 30;

/** What would wait for seconds, because large bodies have so much time, is left out. */
function faultsOf(seed: number): FaultPlan<GcsKind> {
  const all = seededFaultsOf(GCS_KINDS, seed, { probability: 0.2 });
  return (kind, n) => {
    const fault = all(kind, n);
    const large = kind === 'insert' || kind === 'compose' || kind === 'get media';
    return large && fault?.startsWith('hang') ? 'reset' : fault;
  };
}

/** Makes a call again until it succeeds, as clients and maintenance do; at last without faults. */
async function untilDone(desk: Desk, call: () => Promise<unknown>): Promise<void> {
  const faults = desk.proxy.faults;
  for (let tries = 1; ; tries++) {
    try {
      await call();
      desk.proxy.faults = faults;
      return;
    } catch (error) {
      if (!(error instanceof StorageError) || error.kind !== 'unavailable' || tries > PATIENCE + 5)
        throw error;
      if (tries > PATIENCE) desk.proxy.faults = () => undefined;
    }
  }
}

/** A client that sends pieces of any size until the upload is complete; the server may die in between. */
async function upload(desk: Desk, row: Row, body: Buffer, random: Random): Promise<void> {
  let told = 0;
  let done = false;
  await untilDone(desk, async () => {
    for (;;) {
      expect(row.offset).toBeGreaterThanOrEqual(told);
      told = row.offset;
      // As a row that says `finishing` is settled first.
      if (done && (await settled(desk.storage, row, body.length))) break;
      done = false;
      const end = random.chance(0.4) ? body.length : Math.min(body.length, told + 1 + random.below(8 * MIB));
      const { finish, failure } = await row.append(desk.storage, body.subarray(told, end), {
        fenced: random.chance(0.3),
      });
      if (failure) throw failure;
      done = finish !== undefined;
      if (finish && random.chance(0.2)) finish.discard();
      else if (finish) {
        row.completed(await finish.complete(), body.length);
        break;
      }
    }
  });
  row.offset = body.length;
}

async function settled(storage: GcsStorage, row: Row, length: number): Promise<boolean> {
  try {
    row.completed(await storage.complete({ ...row.take().upload, offset: length }), length);
    return true;
  } catch (error) {
    if (error instanceof StorageError && error.kind === 'missing') return false;
    throw error;
  }
}

onFakeGcs((suite) => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.open(suite, { requestTimeout: 400, partSize: 2 * MIB });
  });
  afterEach(() => desk.close());

  it.each(Array.from({ length: RUNS }, (_, run) => FIRST + run))(
    'whatever the store does to requests: no corrupt object, no lost byte, no leftover (seed %d)',
    async (seed) => {
      const random = Random.of(seed, 0);
      desk.proxy.faults = faultsOf(seed);
      const lengths = [1 + random.below(13 * MIB), 1 + random.below(7 * MIB)];
      const sources = lengths.map((length) => new Row({ kind: 'partial', length }));
      for (const [index, row] of sources.entries()) {
        await upload(desk, row, content(lengths[index] ?? 0, index), random);
      }
      const single = new Row({ length: lengths[0] ?? 0 });
      await upload(desk, single, content(lengths[0] ?? 0, 0), random);
      const final = new Row({ kind: 'final', length: lengths.reduce((sum, length) => sum + length, 0) });
      await untilDone(desk, () =>
        desk.storage.concatenate(
          final.take().upload,
          sources.map((row) => row.source()),
          final.context(),
        ),
      );
      final.offset = final.upload.length ?? 0;
      await untilDone(desk, () => desk.storage.complete(final.take().whole));

      const all = Buffer.concat(lengths.map((length, index) => content(length, index)));
      expect((await desk.object(final.key))?.equals(all)).toBe(true);
      expect((await desk.object(single.key))?.equals(content(lengths[0] ?? 0, 0))).toBe(true);
      for (const row of [single, final]) await untilDone(desk, () => desk.storage.discardWork(row.whole));
      for (const row of sources) await untilDone(desk, () => desk.storage.remove(row.whole, false));
      await desk.proxy.idle();
      expect(await desk.left()).toEqual([single.key, final.key].toSorted());

      for (const row of [single, final]) await untilDone(desk, () => desk.storage.remove(row.whole, true));
      expect(await desk.left()).toEqual([]);
    },
    120_000,
  );
});
