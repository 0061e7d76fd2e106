import { BlobServiceClient, ContainerSASPermissions, StorageSharedKeyCredential } from '@azure/storage-blob';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { content } from '../../support/content.js';
import { onAzurite } from '../../support/services/azure-suite.js';
import { ACCOUNT, addressAt } from '../../support/services/azurite.js';
import { KIB, MIB, Row } from '../row.js';
import { merge, mergeCases, partials, whole } from '../object-store-cases.js';
import { Desk } from './support.js';

onAzurite((suite) => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.open(suite);
  });
  afterEach(() => desk.close());

  mergeCases(() => desk);

  it('copies partials of any size inside the store: k + 2 requests, and no byte comes back', async () => {
    const lengths = [9 * MIB, 1, 0, 6 * MIB + 1, 20];
    const sources = await partials(desk.storage, lengths);
    const final = new Row({ kind: 'final' });
    desk.proxy.forget();
    await merge(desk.storage, final, sources);

    const { received } = desk.proxy.bytes('Put Block From URL');
    expect(received).toBe(0);
    expect(desk.requests()).toEqual({ 'Put Block From URL': 4, 'Get Block List': 1, 'Put Block List': 1 });
    expect((await desk.object(final.key)).equals(whole(lengths))).toBe(true);
    for (const row of sources) await desk.storage.remove(row.whole, false);
    await desk.storage.discardWork(final.whole);
    expect(await desk.left()).toEqual([final.key]);
    expect(final.list).toEqual([]);
  });

  it('goes on where a merge was cut: blocks on record are not copied again', async () => {
    const lengths = [6 * KIB, 7 * KIB, 8 * KIB];
    const sources = await partials(desk.storage, lengths);
    const final = new Row({ kind: 'final' });
    desk.proxy.forget();
    desk.proxy.faults = (kind, n) => (kind === 'Put Block From URL' && n >= 3 ? 'slow-down' : undefined);
    await expect(merge(desk.storage, final, sources)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(final.list).toHaveLength(2);

    desk.proxy.faults = () => undefined;
    desk.requests();
    await merge(desk.again(), final.take(), sources);
    expect(desk.requests()).toEqual({ 'Put Block From URL': 1, 'Get Block List': 1, 'Put Block List': 1 });
    expect(await desk.object(final.key)).toEqual(whole(lengths));
  });

  it('copies again what the store has forgotten', async () => {
    const lengths = [6 * KIB, 7 * KIB];
    const sources = await partials(desk.storage, lengths);
    const final = new Row({ kind: 'final' });
    const ranges = sources.map((row) => row.source());
    await desk.storage.concatenate(final.upload, ranges, final.context());
    const blob = desk.blob(final.key);
    await blob.commitBlockList([]);
    await blob.delete();
    await merge(desk.storage, final.take(), sources);

    expect(await desk.object(final.key)).toEqual(whole(lengths));
  });

  it('never publishes a final whose partial has lost bytes', async () => {
    const lengths = [6 * KIB, 7 * KIB];
    const [first = new Row(), ...others] = await partials(desk.storage, lengths);
    await desk.blob(`.tus/${first.id}`).upload('short', 5);
    const final = new Row({ kind: 'final' });
    await expect(merge(desk.storage, final, [first, ...others])).rejects.toMatchObject({ kind: 'missing' });

    await desk.storage.remove(final.upload, false);
    expect(await desk.left()).toEqual([first, ...others].map(({ id }) => `.tus/${id}`).toSorted());
  });

  it('fails as missing when a partial is gone, and does not take that for a refusal', async () => {
    const [first = new Row()] = await partials(desk.storage, [10]);
    await desk.blob(`.tus/${first.id}`).delete();
    const final = new Row({ kind: 'final' });
    await expect(merge(desk.storage, final, [first])).rejects.toMatchObject({ kind: 'missing' });

    const sources = await partials(desk.storage, [10]);
    desk.requests();
    await merge(desk.storage, new Row({ kind: 'final' }), sources);
    expect(desk.requests()).toMatchObject({ 'Put Block From URL': 1 });
  });

  it('ends no other merge of the same moment when a partial is gone', async () => {
    const [lost = new Row(), ...others] = await partials(desk.storage, [10, 6 * KIB, 7 * KIB]);
    await desk.blob(`.tus/${lost.id}`).delete();
    // Has copied nothing yet: the first copy finds out how, the others wait for it.
    const storage = desk.again();
    const finals = [new Row({ kind: 'final' }), new Row({ kind: 'final' })] as const;
    const [gone, merged] = await Promise.allSettled([
      merge(storage, finals[0], [lost]),
      merge(storage, finals[1], others),
    ]);
    expect(gone).toMatchObject({ status: 'rejected', reason: { kind: 'missing' } });
    expect(merged).toMatchObject({ status: 'fulfilled' });
    expect(await desk.object(finals[1].key)).toEqual(whole([10, 6 * KIB, 7 * KIB]).subarray(10));
  });

  it('takes no byte of a foreign blob that has the key of a source by now', async () => {
    const source = new Row({ kind: 'final', length: 100 });
    await source.send(desk.storage, content(100));
    await desk.blob(source.key).upload(Buffer.alloc(500, 'F'), 500);
    const final = new Row({ kind: 'final' });
    const ranges = [source.source(0, 40)];
    await expect(desk.storage.concatenate(final.upload, ranges, final.context())).rejects.toMatchObject({
      kind: 'missing',
    });
    expect(await desk.left()).toEqual([source.key]);
  });

  it('copies all of a source with a key again that was changed since a merge was cut', async () => {
    const source = new Row({ kind: 'final', length: 2 * KIB });
    await source.send(desk.storage, content(2 * KIB));
    const final = new Row({ kind: 'final' });
    const ranges = [source.source(0, KIB), source.source(KIB, KIB)];
    const merging = () => desk.storage.concatenate(final.take().upload, ranges, final.context());
    desk.proxy.forget();
    desk.proxy.faults = (kind, n) => (kind === 'Put Block From URL' && n > 1 ? 'slow-down' : undefined);
    await expect(merging()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(final.list).toHaveLength(1);

    // The same number of bytes, by an application that copies without metadata.
    await desk.blob(source.key).upload(content(2 * KIB, 2), 2 * KIB);
    desk.proxy.faults = () => undefined;
    desk.requests();
    await merging();
    expect(desk.requests()).toEqual({
      'Get Blob Properties': 2,
      'Put Block From URL': 2,
      'Get Block List': 1,
    });
    final.offset = 2 * KIB;
    await desk.storage.complete(final.whole);
    expect(await desk.object(final.key)).toEqual(content(2 * KIB, 2));
  });

  it('commits nothing of a source that changes while it is copied', async () => {
    const source = new Row({ kind: 'final', length: KIB });
    await source.send(desk.storage, content(KIB));
    const final = new Row({ kind: 'final' });
    const changing = {
      ...final.context(),
      // The source was looked at, and is not copied yet.
      record: async (reference: string) => {
        final.reference = reference;
        await desk.blob(source.key).upload(content(KIB, 2), KIB);
      },
    };
    await expect(desk.storage.concatenate(final.upload, [source.source()], changing)).rejects.toMatchObject({
      kind: 'unavailable',
    });
    await merge(desk.storage, final.take(), [source]);
    expect(await desk.object(final.key)).toEqual(content(KIB, 2));
  });

  it('lets the store read with the SAS that the client was made with', async () => {
    const sas = await suite.container.client.generateSasUrl({
      permissions: ContainerSASPermissions.parse('rwdl'),
      expiresOn: new Date(Date.now() + 60 * 60 * 1000),
    });
    const client = new BlobServiceClient(`${desk.proxy.endpoint}/${ACCOUNT}?${sas.split('?')[1]}`);
    const storage = desk.again({ client });
    await storage.start();
    const lengths = [300 * KIB, 7 * KIB];
    const sources = await partials(storage, lengths);
    const final = new Row({ kind: 'final' });
    desk.requests();
    await merge(storage, final, sources);
    expect(desk.requests()).toEqual({ 'Put Block From URL': 2, 'Get Block List': 1, 'Put Block List': 1 });
    expect(await desk.object(final.key)).toEqual(whole(lengths));
  });

  it('streams where the store may not read the partials: it is asked once, and that is said once', async () => {
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const client = BlobServiceClient.fromConnectionString(addressAt(desk.proxy.endpoint).connectionString);
    // What it signs for others is worth nothing; its own requests go on.
    const other = new StorageSharedKeyCredential(ACCOUNT, Buffer.from('another key').toString('base64'));
    Object.defineProperty(client, 'credential', { value: other });
    const storage = desk.again({ client });
    const lengths = [300 * KIB, 7 * KIB, 9 * MIB];
    const sources = await partials(storage, lengths);
    for (const copies of [1, undefined]) {
      const final = new Row({ kind: 'final' });
      desk.proxy.forget();
      await merge(storage, final, sources);
      expect(desk.proxy.tally()['Put Block From URL']).toBe(copies);
      expect(desk.proxy.tally()).toMatchObject({ 'Get Blob': 3, 'Put Block': 3, 'Put Block List': 1 });
      expect((await desk.object(final.key)).equals(whole(lengths))).toBe(true);
    }
    expect(warned).toHaveBeenCalledTimes(1);
    warned.mockRestore();
  });
});
