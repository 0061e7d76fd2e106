import { BlobServiceClient } from '@azure/storage-blob';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { AzureApi } from '../../../src/storage/azure/azure.api.js';
import { Blocks } from '../../../src/storage/azure/blocks.js';
import { Concatenator } from '../../../src/storage/azure/concatenator.js';
import { Copier } from '../../../src/storage/azure/copier.js';
import { copyWays } from '../../../src/storage/azure/copy-ways.js';
import { Keys } from '../../../src/storage/azure/keys.js';
import { Publisher } from '../../../src/storage/azure/publisher.js';
import { content } from '../../support/content.js';
import { onAzurite } from '../../support/services/azure-suite.js';
import { addressAt } from '../../support/services/azurite.js';
import { KIB, Row } from '../row.js';
import { Desk } from './support.js';

/** Counts the blocks that pass through the server at the same time. */
class CountedBlocks extends Blocks {
  most = 0;
  private now = 0;

  override async stage(...block: Parameters<Blocks['stage']>): Promise<string> {
    this.most = Math.max(this.most, ++this.now);
    try {
      return await super.stage(...block);
    } finally {
      this.now--;
    }
  }
}

onAzurite((suite) => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.open(suite);
  });
  afterEach(() => desk.close());

  /** One whose partials become blocks of 4 KiB. */
  const concatenator = ({ copies = true } = {}) => {
    const client = BlobServiceClient.fromConnectionString(addressAt(desk.proxy.endpoint).connectionString);
    const container = suite.container.client.containerName;
    const api = new AzureApi(client.getContainerClient(container), 60_000);
    const keys = new Keys(desk.prefix);
    const settings = {};
    const blocks = new CountedBlocks({ api, keys, settings });
    const publisher = new Publisher({ api, keys, overwrite: false });
    const ways = copies ? copyWays({ api, client, container }) : [];
    const copier = new Copier({ api, ways, onRefused: () => undefined });
    const limits = { block: 4 * KIB, largest: 8 * KIB, most: 20 };
    return { of: new Concatenator({ api, keys, settings, blocks, publisher, copier, limits }), blocks };
  };

  const LENGTHS = [10 * KIB + 1, 1, 12 * KIB, 20 * KIB];
  const BYTES = Buffer.concat(LENGTHS.map((length, index) => content(length, index)));
  /** 3 + 1 + 3 + 5 */
  const BLOCKS = 12;

  const partials = async () => {
    const rows = LENGTHS.map((length) => new Row({ kind: 'partial', length }));
    for (const [index, row] of rows.entries())
      await row.send(desk.storage, content(row.upload.length ?? 0, index));
    return rows;
  };

  it.each([
    ['copies', { copies: true }, 'Put Block From URL', 0],
    ['streams, two at a time,', { copies: false }, 'Put Block', 2],
  ] as const)(
    '%s a partial in several blocks, each from its own range',
    async (_, options, kind, streams) => {
      const sources = await partials();
      const final = new Row({ kind: 'final' });
      const { of, blocks } = concatenator(options);
      desk.requests();
      await of.concatenate(
        final.take().upload,
        sources.map((row) => row.source()),
        final.context(),
      );
      expect(desk.requests()[kind]).toBe(BLOCKS);
      expect(blocks.most).toBe(streams);

      final.offset = BYTES.length;
      await desk.storage.complete(final.whole);
      expect((await desk.object(final.key)).equals(BYTES)).toBe(true);
    },
  );

  it('cuts a range of a source into blocks that begin where the range does', async () => {
    const [, , , source = new Row()] = await partials();
    const final = new Row({ kind: 'final' });
    const ranges = [source.source(3 * KIB, 9 * KIB), source.source(100, 5 * KIB)];
    await concatenator().of.concatenate(final.take().upload, ranges, final.context());
    final.offset = 14 * KIB;
    await desk.storage.complete(final.whole);

    const bytes = content(20 * KIB, 3);
    const expected = [bytes.subarray(3 * KIB, 12 * KIB), bytes.subarray(100, 100 + 5 * KIB)];
    expect((await desk.object(final.key)).equals(Buffer.concat(expected))).toBe(true);
  });
});
