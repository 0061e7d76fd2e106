import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { content, sha256Of } from '../../support/content.js';
import { create, idOf, patch } from '../../support/raw-http.js';
import { StoreApp } from '../../support/store-app.js';
import { eachStore } from '../../support/stores/each-store.js';
import type { ObjectStore } from '../../support/stores/object-store.js';

const MIB = 1024 ** 2;
const LENGTH = 20 * MIB;

eachStore(hangs);

function hangs<Kind extends string>(store: ObjectStore<Kind>): void {
  let app: StoreApp<Kind>;

  beforeEach(async () => {
    app = await StoreApp.start(store);
  });
  afterEach(() => app.stop());

  /** A request whose bytes the store takes, and does not answer for. */
  const hang = async (url: string, offset: number, bytes: Buffer) => {
    let first: ReturnType<typeof patch> | undefined;
    await new Promise<void>((reached) => {
      app.proxy.faults = () => {
        reached();
        return 'hang';
      };
      first = patch(url, offset, bytes);
    });
    app.proxy.faults = () => undefined;
    return { url, offset, first };
  };

  it('a client that comes back gets its upload while the store hangs with the bytes of its last request (CORE-19)', async () => {
    const bytes = content(LENGTH);
    const urls: string[] = [];
    for (let made = 0; made < 3; made++) {
      urls.push(await create(app.endpoint, { 'upload-length': String(LENGTH) }));
    }
    const [early = '', small = '', late = ''] = urls;
    expect((await patch(late, 0, bytes.subarray(0, 8 * MIB))).status).toBe(204);
    const hanging = [
      await hang(early, 0, bytes.subarray(0, 8 * MIB)),
      await hang(small, 0, bytes.subarray(0, MIB)),
      await hang(late, 8 * MIB, bytes.subarray(8 * MIB, 16 * MIB)),
    ];

    const goOn = async ({ url, offset, first }: (typeof hanging)[number]) => {
      const again = () => patch(url, offset, bytes.subarray(offset));
      let answer = await again();
      // A slow machine needs more than the five seconds that one request waits.
      while (answer.status === 423) answer = await again();
      expect(answer.status).toBe(204);
      expect((await first)?.status).toBe(503);
      expect(await app.hashOf(idOf(url))).toBe(await sha256Of([bytes]));
    };
    await Promise.all(hanging.map(goOn));
    await app.idle();
    expect(await app.bucket.leftovers()).toEqual(urls.map(idOf).toSorted());
  }, 60_000);
}
