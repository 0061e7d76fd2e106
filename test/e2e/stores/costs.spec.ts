import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, expect, it } from '@jest/globals';
import { Maintenance } from '../../../src/maintenance/maintenance.js';
import { content } from '../../support/content.js';
import { call, create, head, patch, tus } from '../../support/raw-http.js';
import { StoreApp } from '../../support/store-app.js';
import { eachStore } from '../../support/stores/each-store.js';
import type { ObjectStore, StoreApi } from '../../support/stores/object-store.js';

const MIB = 1024 ** 2;
/** What docs/storages.md shows. `node scripts/storages-table.mjs --measure` writes it anew. */
const FIGURES = fileURLToPath(new URL('../../../docs/storages.json', import.meta.url));
/** Where it wants them; then what one store has shown is compared with what the others of its kind do. */
const { STORAGES_MEASURE } = process.env;

/** What the store was asked for, with what runs in the background. */
interface Cost {
  readonly requests: Readonly<Record<string, number>>;
  /** Mebibytes that went to the store, and that came back, with one decimal. */
  readonly sent: number;
  readonly returned: number;
}

type Costs = Partial<Record<StoreApi, Record<string, Cost>>>;

const figures = (STORAGES_MEASURE ? {} : JSON.parse(readFileSync(FIGURES, 'utf8'))) as Costs;

eachStore(costs);

if (STORAGES_MEASURE)
  afterAll(() => writeFileSync(STORAGES_MEASURE, `${JSON.stringify(figures, null, 2)}\n`));

function costs<Kind extends string>(store: ObjectStore<Kind>): void {
  let app: StoreApp<Kind>;

  beforeEach(async () => {
    app = await StoreApp.start(store);
    // On a slow machine a round would clean up what the background is about to.
    await app.app.get(Maintenance).stop();
  });
  afterEach(() => app.stop());

  /** Sends a whole upload in pieces, each once all is done that came of the one before. */
  async function upload(bytes: Buffer, { pieces = 1, headers = {} } = {}): Promise<string> {
    const url = await create(app.endpoint, { 'upload-length': String(bytes.length), ...headers });
    const piece = bytes.length / pieces;
    for (let at = 0; at < bytes.length; at += piece) {
      expect((await patch(url, at, bytes.subarray(at, at + piece))).status).toBe(204);
      await app.idle();
    }
    return url;
  }

  /** Begins to count. */
  async function from(): Promise<void> {
    await app.idle();
    app.proxy.forget();
  }

  const SCENARIOS: Readonly<Record<string, () => Promise<unknown>>> = {
    'an upload of 1 MiB, in its POST': () =>
      call({
        ...{ method: 'POST', url: app.endpoint, body: content(MIB, 1) },
        headers: tus({ 'upload-length': String(MIB), 'content-type': 'application/offset+octet-stream' }),
      }),
    '64 MiB in one PATCH': () => upload(content(64 * MIB, 2)),
    '8 PATCHes of 1 MiB': () => upload(content(8 * MIB, 3), { pieces: 8 }),
    HEAD: async () => {
      const url = await upload(content(MIB, 4));
      await from();
      await head(url);
    },
    'the final of 4 partials of 16 MiB': async () => {
      const urls: string[] = [];
      for (const seed of [5, 6, 7, 8])
        urls.push(await upload(content(16 * MIB, seed), { headers: { 'upload-concat': 'partial' } }));
      await from();
      const paths = urls.map((url) => new URL(url).pathname).join(' ');
      const headers = tus({ 'upload-concat': `final;${paths}` });
      expect((await call({ method: 'POST', url: app.endpoint, headers })).status).toBe(201);
    },
    'DELETE of an upload that has 48 of 64 MiB': async () => {
      const url = await create(app.endpoint, { 'upload-length': String(64 * MIB) });
      expect((await patch(url, 0, content(48 * MIB, 9))).status).toBe(204);
      await from();
      expect((await call({ method: 'DELETE', url, headers: tus() })).status).toBe(204);
    },
  };

  it.each(Object.entries(SCENARIOS))(
    'what is asked of the store for %s is what the docs say',
    async (title, run) => {
      await run();
      await app.idle();
      const { received, answered } = app.proxy.bytes();
      const requests = Object.fromEntries(Object.entries(app.proxy.tally()).toSorted());
      const cost = { requests, sent: mebibytes(received), returned: mebibytes(answered) } as Cost;
      if (STORAGES_MEASURE) (figures[store.api] ??= {})[title] ??= cost;
      expect(cost).toEqual(figures[store.api]?.[title]);
    },
  );
}

function mebibytes(bytes: number): number {
  return Math.round((10 * bytes) / MIB) / 10;
}
