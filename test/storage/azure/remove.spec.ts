import { BlobClient, RestError } from '@azure/storage-blob';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { STAGED } from '../../../src/storage/azure/reference.js';
import { content } from '../../support/content.js';
import { onAzurite } from '../../support/services/azure-suite.js';
import { MIB, Row } from '../row.js';
import { Desk } from './support.js';

onAzurite((suite) => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.open(suite);
  });
  afterEach(() => desk.close());

  it('removes a published blob with its snapshots, as often as asked', async () => {
    const row = new Row({ length: 9 * MIB });
    await row.send(desk.storage, content(9 * MIB));
    await desk.storage.discardWork(row.whole);
    await desk.blob(row.key).createSnapshot();
    await desk.storage.remove(row.whole, true);
    await desk.storage.remove(row.whole, true);

    expect(await desk.left()).toEqual([]);
  });

  it('removes what it can prove to be its own, though no row says that it was published', async () => {
    const row = new Row({ length: 10 });
    await row.send(desk.storage, content(10));
    await desk.storage.remove({ ...row.upload, offset: 0 }, false);

    expect(await desk.left()).toEqual([]);
  });

  it('leaves the blob of an earlier upload with the same id', async () => {
    const row = new Row({ length: 10 });
    await row.send(desk.storage, content(10));
    await desk.storage.remove({ ...row.upload, createdAt: 1 }, false);

    expect(await desk.left()).toEqual([row.key]);
  });

  it('leaves what has taken the place of a published blob', async () => {
    const row = new Row({ length: 10 });
    await row.send(desk.storage, content(10));
    await desk.blob(row.key).upload('foreign', 7);
    await desk.storage.remove(row.whole, true);

    expect(await desk.object(row.key)).toEqual(Buffer.from('foreign'));
  });

  it('drops blocks that nobody has recorded', async () => {
    const row = new Row({ length: 20 * MIB });
    const { upload } = row;
    await row.append(desk.storage, content(9 * MIB));
    row.reference = STAGED;
    await desk.storage.remove({ ...upload, reference: STAGED }, false);

    expect((await desk.left()).filter((name) => name.startsWith(row.key))).toEqual([]);
    await desk.storage.remove(row.upload, false);
    expect(await desk.left()).toEqual([]);
  });

  it('asks for no blocks where none were staged', async () => {
    const row = new Row({ length: 20 * MIB });
    await row.append(desk.storage, content(10));
    desk.requests();
    await desk.storage.remove(row.upload, false);

    expect(desk.requests()).toEqual({ 'Get Blob Properties': 1, 'Delete Blob': 1 });
    expect(await desk.left()).toEqual([]);
  });

  it('leaves all blocks where others have staged some under the name, too', async () => {
    const row = new Row({ length: 20 * MIB });
    await row.append(desk.storage, content(8 * MIB));
    const id = Buffer.alloc(Buffer.from((await staged(row)) ?? '', 'base64').length, 'x').toString('base64');
    await desk.blob(row.key).stageBlock(id, 'foreign', 7);
    await desk.storage.remove(row.upload, false);

    expect(await desk.left()).toEqual([`${row.key} (blocks)`]);
    await desk.blob(row.key).commitBlockList([id]);
  });

  it('removes an empty blob that a crash has left in the middle of a removal', async () => {
    const row = new Row({ length: 20 * MIB });
    await row.append(desk.storage, content(8 * MIB));
    desk.proxy.faults = (kind) => (kind === 'Delete Blob' ? 'slow-down' : undefined);
    await expect(desk.storage.remove(row.upload, false)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await desk.left()).toEqual([row.key]);

    desk.proxy.faults = () => undefined;
    await desk.storage.remove(row.upload, false);
    expect(await desk.left()).toEqual([]);
  });

  it('finds nothing to do where the words are those of another storage', async () => {
    const row = new Row({ length: 10 });
    row.reference = '{"multipart":"x"}';
    await expect(desk.storage.remove(row.upload, false)).rejects.toMatchObject({ kind: 'missing' });
  });

  it('removes an upload whose settings fail by now', async () => {
    let fails = false;
    const metadata = () => {
      if (fails) throw new TypeError('no such tenant');
      return { name: 'x' };
    };
    const storage = desk.again({ blob: { metadata } });
    const row = new Row({ length: 20 * MIB });
    await row.append(storage, content(8 * MIB + 10));
    fails = true;
    await storage.remove(row.upload, false);

    expect(await desk.left()).toEqual([]);
    expect(row.list).toEqual([]);
  });

  it('leaves the blocks of an upload to Azure whose encryption scope nobody names any more', async () => {
    let fails = false;
    const encryptionScope = () => {
      if (fails) throw new TypeError('no such tenant');
      return undefined;
    };
    const storage = desk.again({ blob: { encryptionScope } });
    const row = new Row({ length: 20 * MIB });
    await row.append(storage, content(8 * MIB + 10));
    fails = true;
    await storage.remove(row.upload, false);

    expect(await desk.left()).toEqual([`${row.key} (blocks)`]);
    expect(row.list).toEqual([]);
  });

  describe('in a container whose blobs are immutable', () => {
    beforeEach(() => {
      const retained = new RestError('No.', { statusCode: 409, code: 'BlobImmutableDueToPolicy' });
      jest.spyOn(BlobClient.prototype, 'delete').mockRejectedValue(retained);
    });
    afterEach(() => void jest.restoreAllMocks());

    it('asks once for each blob, and is done', async () => {
      const row = new Row({ length: 300 });
      await row.append(desk.storage, content(100));
      await row.send(desk.storage, content(300).subarray(100));
      await desk.storage.discardWork(row.whole);
      expect(row.list).toEqual([]);
      await desk.storage.remove(row.whole, true);
      expect(await desk.left()).toHaveLength(2);
    });

    it('leaves blocks to Azure, once an empty blob in their place could not be removed', async () => {
      const rows = [new Row({ length: 20 * MIB }), new Row({ length: 20 * MIB })] as const;
      for (const row of rows) {
        await row.append(desk.storage, content(8 * MIB));
        await desk.storage.remove(row.upload, false);
        expect(row.list).toEqual([]);
      }

      expect(await desk.left()).toEqual([rows[0].key, `${rows[1].key} (blocks)`].toSorted());
    });
  });

  const staged = async (row: Row) =>
    (await desk.blob(row.key).getBlockList('uncommitted')).uncommittedBlocks?.[0]?.name;
});
