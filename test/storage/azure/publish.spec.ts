import { RestError } from '@azure/storage-blob';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AzureApi } from '../../../src/storage/azure/azure.api.js';
import { azureError } from '../../../src/storage/azure/azure.error.js';
import { content } from '../../support/content.js';
import { onAzurite } from '../../support/services/azure-suite.js';
import type { Fault } from '../../support/s3-proxy/fault.js';
import type { AzureKind } from '../../support/azure-proxy/request-kind.js';
import { MIB, Row } from '../row.js';
import { Desk } from './support.js';

onAzurite((suite) => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.open(suite, { requestTimeout: 300 });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await desk.close();
  });

  const occupy = (key: string) => desk.blob(key).upload('foreign', 7);

  for (const [name, length, beside] of [
    ['one request', 10_000, []],
    // Nothing but a change of the other blob drops them: Azure forgets them.
    ['parts', 9 * MIB, [' (blocks beside it)']],
  ] as const) {
    describe(`an object that is made of ${name}`, () => {
      it('never replaces another one: the upload fails as a conflict, and the other one stays', async () => {
        const row = new Row({ length });
        await occupy(row.key);
        await expect(row.send(desk.storage, content(length))).rejects.toMatchObject({ kind: 'conflict' });

        await desk.storage.remove(row.upload, false);
        expect(await desk.object(row.key)).toEqual(Buffer.from('foreign'));
        expect(await desk.left()).toEqual([row.key, ...beside.map((what) => row.key + what)]);
      });

      it('replaces another one where the application allows it', async () => {
        const row = new Row({ length });
        await occupy(row.key);
        await row.send(desk.again({ overwrite: true }), content(length));
        expect((await desk.object(row.key)).equals(content(length))).toBe(true);
      });

      const kind: AzureKind = length > 8 * MIB ? 'Put Block List' : 'Put Blob';
      for (const fault of ['lost-answer', 'truncated-answer', 'hang-after'] satisfies Fault[]) {
        it(`is recognised after every answer to ${kind} has met the fault "${fault}"`, async () => {
          const row = new Row({ length });
          desk.proxy.faults = (asked) => (asked === kind ? fault : undefined);
          await row.send(desk.storage, content(length));

          desk.proxy.faults = () => undefined;
          await desk.proxy.idle();
          await desk.storage.discardWork(row.whole);
          expect((await desk.object(row.key)).equals(content(length))).toBe(true);
          expect(await desk.left()).toEqual([row.key]);
        });
      }

      it.each([
        ['the store is away', 503, 'ServerBusy'],
        ['the credentials may not read', 403, 'AuthorizationPermissionMismatch'],
      ])(
        'is not given up where its answer is lost and the look at it fails: %s',
        async (_, statusCode, code) => {
          const row = new Row({ length });
          desk.proxy.faults = (asked, n) => (asked === kind && n === 1 ? 'lost-answer' : undefined);
          const refused = azureError('Get Blob Properties', new RestError('No.', { code, statusCode }));
          // Without the tries, which take seconds.
          const head = jest.spyOn(AzureApi.prototype, 'head').mockRejectedValue(refused);
          await expect(row.send(desk.storage, content(length))).rejects.toMatchObject({
            kind: 'unavailable',
          });

          head.mockRestore();
          // As the service does with a row that says `finishing`.
          await desk.storage.complete({ ...row.take().upload, offset: length });
          expect((await desk.object(row.key)).equals(content(length))).toBe(true);
        },
      );

      it('is not there if the store was never reached, and the bytes can be sent again', async () => {
        const row = new Row({ length });
        desk.proxy.faults = (asked) => (asked === kind ? 'reset' : undefined);
        await expect(row.send(desk.storage, content(length))).rejects.toMatchObject({ kind: 'unavailable' });

        desk.proxy.faults = () => undefined;
        // As the service does with a row that says `finishing`.
        const settled = await desk.storage.complete({ ...row.upload, offset: length }).then(
          () => true,
          () => false,
        );
        if (!settled) await row.send(desk.storage, content(length).subarray(row.offset));
        expect((await desk.object(row.key)).equals(content(length))).toBe(true);
      });
    });
  }

  it('takes the object of an earlier upload with the same id for a foreign one', async () => {
    const earlier = new Row({ length: 10 });
    await earlier.send(desk.storage, content(10));
    const later = new Row({ id: earlier.id, length: 10, createdAt: 1_795_400_222_309 });
    await expect(later.send(desk.storage, content(10, 2))).rejects.toMatchObject({ kind: 'conflict' });
  });

  it('tells a full store from one that is away', async () => {
    const row = new Row({ length: 10 });
    desk.proxy.faults = () => 'slow-down';
    const { failure } = await row.append(desk.storage, content(5));
    expect(failure).toMatchObject({ kind: 'unavailable' });
    expect(row.offset).toBe(0);
  });
});
