import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { content } from '../support/content.js';
import { MortalServer } from '../support/mortal-server.js';
import { StoreApp } from '../support/store-app.js';
import { eachStore } from '../support/stores/each-store.js';
import type { Bucket, ObjectStore } from '../support/stores/object-store.js';
import { Client } from './outages/client.js';
import { findings } from './outages/findings.js';
import { concatenate } from './outages/scenarios.js';
import type { Known } from './outages/scenarios.js';
import { Uploader } from './outages/uploader.js';
import { Random } from './random.js';

const MIB = 1024 ** 2;
/** Of each kind, on each store. */
const KILLS = Number(process.env.KILLS ?? 5);
/** Decides about their moments. */
const SEED = Number(process.env.KILLS_SEED ?? 1);

eachStore(kills, { api: process.env.KILLS_STORE });

function kills<Kind extends string>(store: ObjectStore<Kind>): void {
  describe('kill -9 of a server whose bytes are in a store', () => {
    let bucket: Bucket<Kind>;
    let server: MortalServer;
    let back: Promise<void>;
    let problems: string[];
    let known: Known;
    let client: Client;

    beforeEach(async () => {
      bucket = await store.open();
      server = await MortalServer.make();
      await start();
      back = Promise.resolve();
      problems = [];
      known = { complete: [], ended: [], contents: new Map() };
      client = new Client({
        get endpoint() {
          return server.endpoint;
        },
        ready: () => back,
        recover: () => undefined,
        problems,
      });
    });
    afterEach(async () => {
      await back.catch(() => undefined);
      await server.remove();
    });

    function start(): Promise<void> {
      const { api } = store;
      return server.restart({ store: { api, options: bucket.options({ partSize: 5 * MIB }) } });
    }

    /** Kills the process once, at a moment of what the work asks of the store, and lets the next one go on. */
    async function during(work: () => Promise<void>, moment: Moment): Promise<void> {
      const { proxy } = bucket;
      let killed = false;
      const kill = () => {
        if (killed) return;
        killed = true;
        // The next process suffers nothing.
        proxy.onBytes = () => undefined;
        proxy.faults = () => undefined;
        back = start();
      };
      const until = proxy.bytes().received + (moment.bytes ?? Infinity);
      let left = moment.requests ?? Infinity;
      proxy.onBytes = (total) => void (total > until && kill());
      proxy.faults = () => {
        if (--left !== 0) return undefined;
        kill();
        return moment.arrives ? undefined : 'hang';
      };
      await work();
      // It was over before: then it is the clean-up that is cut.
      kill();
      await back;
    }

    function uploader(random: Random, bytes: Buffer, partial: boolean): Uploader {
      const name = `upload ${known.contents.size}`;
      known.contents.set(name, bytes);
      return new Uploader(client, random, { name, bytes, partial, ways: ['plain', 'chunked'] });
    }

    /** What is wrong once a further process has done all that was due. */
    async function whatIsLeft(): Promise<string[]> {
      await server.process.kill();
      const app = await StoreApp.start(store, { left: { bucket, directory: server.directory } });
      try {
        await app.settle();
        return [...problems, ...(await findings(app, known))];
      } finally {
        await app.stop();
      }
    }

    it(
      `at ${KILLS} moments of a PATCH takes back no offset that was told, and the next process ends the upload`,
      async () => {
        for (let kill = 1; kill <= KILLS; kill++) {
          const random = Random.of(SEED, kill);
          const bytes = content(random.pick([MIB, 12 * MIB, 22 * MIB]) + random.below(MIB), kill);
          const upload = uploader(random, bytes, false);
          await upload.create();
          await during(() => upload.finish(), momentOf(random, { bytes: bytes.length, requests: 8 }));
          known.complete.push(upload.id);
        }
        expect(await whatIsLeft()).toEqual([]);
      },
      60_000 * KILLS,
    );

    it(
      `at ${KILLS} moments of a merge costs nothing: the next process merges, and removes what is not needed`,
      async () => {
        for (let kill = 1; kill <= KILLS; kill++) {
          const random = Random.of(SEED + 1, kill);
          const sizes = [5 * MIB, random.pick([MIB, 5 * MIB + 1]), 2 * MIB].map(
            (size) => size + random.below(100),
          );
          const partials = sizes.map((size, index) =>
            uploader(random, content(size, kill * 10 + index), true),
          );
          for (const partial of partials) {
            await partial.create();
            await partial.finish();
          }
          const merge = () => concatenate({ client, known, maintain: () => Promise.resolve() }, partials);
          await during(merge, momentOf(random, { requests: 9 }));
        }
        expect(await whatIsLeft()).toEqual([]);
      },
      60_000 * KILLS,
    );
  });
}

/** After so many bytes that were sent to the store, or at the n-th request to it, whether it arrives there or not. */
interface Moment {
  readonly bytes?: number;
  readonly requests?: number;
  readonly arrives: boolean;
}

/** At random below some limits; of a merge few bytes pass. */
function momentOf(random: Random, most: { readonly bytes?: number; readonly requests: number }): Moment {
  const arrives = random.chance(0.5);
  return most.bytes !== undefined && random.chance(0.5)
    ? { bytes: random.below(most.bytes), arrives }
    : { requests: 1 + random.below(most.requests), arrives };
}
