import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { StorageError } from '../../src/model/errors/storage.error.js';
import type { UploadStorage } from '../../src/storage/upload-storage.js';
import { Random } from '../reliability/random.js';
import { content } from '../support/content.js';
import { briefly, seededFaultsOf } from '../support/s3-proxy/fault.js';
import type { StoreProxy } from '../support/s3-proxy/s3-proxy.js';
import { eachStore } from '../support/stores/each-store.js';
import type { Bucket, ObjectStore } from '../support/stores/object-store.js';
import { MIB, Row } from './row.js';

/** More with the variables: each sends two partials and merges them. */
const RUNS = Number(process.env.STORE_FAULT_RUNS ?? 4);
const FIRST = Number(process.env.STORE_FAULT_SEED ?? 1);
/** Times that a call is made before the faults end, so that each run ends. */
const PATIENCE = 30;
/** Bytes. */
const PARTS = { s3: 5 * MIB, gcs: 2 * MIB, azure: MIB };

eachStore(withFaults, { api: process.env.STORE_FAULT_STORE });

function withFaults<Kind extends string>(store: ObjectStore<Kind>): void {
  let bucket: Bucket<Kind>;
  let storage: UploadStorage;
  beforeEach(async () => {
    bucket = await store.open();
    storage = bucket.storage({ hasty: true, partSize: PARTS[store.api] });
  });
  afterEach(() => bucket.close());

  const objectOf = async ({ key }: Row) => buffer(await bucket.read(key));

  it.each(Array.from({ length: RUNS }, (_, run) => FIRST + run))(
    'whatever the store does to requests: no corrupt object, no lost byte, no leftover (seed %d)',
    async (seed) => {
      const random = Random.of(seed, 0);
      const { proxy } = bucket;
      proxy.faults = briefly(store.patient, seededFaultsOf(store.kinds, seed, { probability: 0.25 }));
      const again = (call: () => Promise<unknown>) => untilDone(proxy, call);
      const client = new Client({ storage, random, again });
      const bodies = [13, 7].map((most, index) => content(1 + random.below(most * MIB), index));
      const sources: Row[] = [];
      for (const body of bodies) sources.push(await client.upload(body, 'partial'));
      const [first = Buffer.alloc(0)] = bodies;
      const single = await client.upload(first, 'single');
      const all = Buffer.concat(bodies);
      const final = new Row({ kind: 'final', length: all.length });
      const merged = sources.map((row) => row.source());
      await again(() => storage.concatenate(final.take().upload, merged, final.context()));
      final.offset = all.length;
      await again(() => storage.complete(final.take().whole));

      expect((await objectOf(final)).equals(all)).toBe(true);
      expect((await objectOf(single)).equals(first)).toBe(true);
      await client.silence();
      for (const row of [single, final]) await again(() => storage.discardWork(row.whole));
      for (const row of sources) await again(() => storage.remove(row.whole, false));
      await proxy.idle();
      expect(await bucket.leftovers()).toEqual([single.key, final.key].toSorted());

      for (const row of [single, final]) await again(() => storage.remove(row.whole, true));
      expect(await bucket.leftovers()).toEqual([]);
    },
    120_000,
  );
}

/** Makes a call again until it succeeds, as clients and maintenance do; at last without faults. */
async function untilDone<Kind extends string>(
  proxy: StoreProxy<Kind>,
  call: () => Promise<unknown>,
): Promise<void> {
  const { faults } = proxy;
  for (let tries = 1; ; tries++) {
    try {
      await call();
      proxy.faults = faults;
      return;
    } catch (error) {
      if (!isUnavailable(error) || tries > PATIENCE + 5) throw error;
      if (tries > PATIENCE) proxy.faults = () => undefined;
    }
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof StorageError && error.kind === 'unavailable';
}

interface ClientDeps {
  readonly storage: UploadStorage;
  readonly random: Random;
  /** Makes a call again until it succeeds. */
  readonly again: (call: () => Promise<unknown>) => Promise<void>;
}

/** Sends pieces of any size; the process may die in between, or lose its lease and go on beside the next one. */
class Client {
  /** What processes do that have lost their lease. */
  private readonly silent: Promise<unknown>[] = [];

  constructor(private readonly deps: ClientDeps) {}

  async upload(body: Buffer, kind: 'partial' | 'single'): Promise<Row> {
    const row = new Row({ kind, length: body.length });
    let told = 0;
    let finishing = false;
    const progress = async () => {
      expect(row.offset).toBeGreaterThanOrEqual(told);
      told = row.offset;
      // As a row that says so is settled first.
      if (finishing && (await this.settled(row))) return true;
      finishing = false;
      const finish = await this.append(row, body);
      if (!finish) return false;
      finishing = kind === 'single' || finish.once === true;
      const chance = this.deps.random.next();
      if (chance < 0.2) finish.discard();
      else if (chance < 0.4) this.silent.push(finish.complete());
      else row.keep(await finish.complete(), body.length);
      return chance >= 0.4;
    };
    await this.deps.again(async () => {
      while (!(await progress()));
    });
    row.offset = body.length;
    return row;
  }

  /** Resolves when all of them have come to an end. */
  async silence(): Promise<void> {
    await Promise.allSettled(this.silent);
  }

  private async append(row: Row, body: Buffer) {
    const { storage, random } = this.deps;
    const { offset } = row;
    const end = random.chance(0.4) ? body.length : Math.min(body.length, offset + 1 + random.below(8 * MIB));
    const appending = row.append(storage, body.subarray(offset, end), { fenced: random.chance(0.3) });
    if (random.chance(0.15)) {
      this.silent.push(appending.then(({ finish }) => finish?.discard()));
      return undefined;
    }
    const { finish, failure } = await appending;
    if (failure) throw failure;
    return finish;
  }

  private async settled(row: Row): Promise<boolean> {
    const { whole } = row.take();
    try {
      row.keep(await this.deps.storage.complete(whole), whole.offset);
      return true;
    } catch (error) {
      if (error instanceof StorageError && error.kind === 'missing') return false;
      throw error;
    }
  }
}
