import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { content, sha256Of } from '../support/content.js';
import { call, create, head, idOf, patch, tus } from '../support/raw-http.js';
import type { Fault } from '../support/s3-proxy/fault.js';
import { StoreApp } from '../support/store-app.js';
import { eachStore } from '../support/stores/each-store.js';
import type { ObjectStore } from '../support/stores/object-store.js';

const MIB = 1024 ** 2;

eachStore(lostCompletions);

function lostCompletions<Kind extends string>(store: ObjectStore<Kind>): void {
  describe('a partial whose parts the store has put together, while nobody was told and nobody can look', () => {
    let app: StoreApp<Kind>;

    beforeEach(async () => {
      app = await StoreApp.start(store);
    });
    afterEach(() => app.stop());

    it.each<Fault>(['lost-answer', 'reset', 'late'])(
      'goes on where it stood, and its final has all bytes (%s)',
      async (fault) => {
        const bytes = content(20 * MIB, 1);
        const headers = { 'upload-concat': 'partial', 'upload-length': String(bytes.length) };
        const url = await create(app.endpoint, headers);
        expect((await patch(url, 0, bytes.subarray(0, 9 * MIB))).status).toBe(204);
        const [make, look] = store.completing;
        app.proxy.faults = (kind) => (kind === make ? fault : kind === look ? 'reset' : undefined);
        expect((await patch(url, 9 * MIB, bytes.subarray(9 * MIB))).status).toBe(503);

        app.proxy.faults = () => undefined;
        let offset = Number((await head(url)).headers['upload-offset']);
        expect(offset).toBeGreaterThanOrEqual(9 * MIB);
        for (let more = true; offset < bytes.length; more = false) {
          const answer = await patch(url, offset, bytes.subarray(offset, more ? offset + MIB : bytes.length));
          expect([204, 409]).toContain(answer.status);
          await app.proxy.arrive();
          const told = Number((await head(url)).headers['upload-offset']);
          expect(told).toBeGreaterThanOrEqual(Number(answer.headers['upload-offset'] ?? offset));
          offset = told;
        }

        const final = { 'upload-concat': `final;${new URL(url).pathname}` };
        const answer = await call({ method: 'POST', url: app.endpoint, headers: tus(final) });
        const id = idOf(String(answer.headers.location));
        expect(await app.hashOf(id)).toBe(await sha256Of([bytes]));
        await app.settle();
        expect(await app.bucket.leftovers()).toEqual([id]);
      },
      60_000,
    );
  });
}
