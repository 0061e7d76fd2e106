import { beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { DataSourceUrlStore, TusClient, type UploadRecord, type UrlStore } from '../../src/client/index.js';
import { ClientFolder, failure, MIB } from './client-folder.js';
import { TusPeer } from './tus-peer.js';

/** What every store promises. `open` gives another one on the same place. */
export function urlStoreCases(name: string, open: () => Promise<UrlStore>): void {
  describe(`a store ${name}`, () => {
    let store: UrlStore;
    let next = 0;
    const newPrint = () => `${++next}a${randomUUID().replaceAll('-', '').slice(0, 20)}`;

    beforeAll(async () => {
      store = await open();
    });

    it('has nothing in the beginning, and forgets what it does not have', async () => {
      const print = newPrint();
      expect(await store.find(print)).toEqual([]);
      await store.remove(recordOf(print));
    });

    it('keeps records as they were last saved, for whoever opens it next', async () => {
      const print = newPrint();
      const [first, second] = [recordOf(print), recordOf(print)];
      for (const record of [first, second, recordOf(`${print}2`)]) await store.save(record);
      const saved = { ...first, urls: ['http://h/1', 'http://h/ö?x=%20', null] };
      await store.save(saved);
      expect(inOrder(await (await open()).find(print))).toEqual(inOrder([saved, second]));
    });

    it('removes one and leaves the others', async () => {
      const print = newPrint();
      const records = [recordOf(print), recordOf(print), recordOf(print)];
      await Promise.all(records.map((record) => store.save(record)));
      await store.remove(records[1]!);
      expect(inOrder(await store.find(print))).toEqual(inOrder([records[0]!, records[2]!]));
    });

    it('may be used by several at once', async () => {
      const print = newPrint();
      const stores = await Promise.all(Array.from({ length: 4 }, () => open()));
      await Promise.all(stores.map((one) => one.save(recordOf(print))));
      expect(await store.find(print)).toHaveLength(4);
    });

    it('takes the list of a thousand ranges', async () => {
      const urls = Array.from({ length: 1000 }, (_, index) => `http://h/files/${index}-${'x'.repeat(100)}`);
      const record = { ...recordOf(newPrint()), urls };
      await store.save(record);
      expect(await store.find(record.fingerprint)).toEqual([record]);
    });
  });
}

/** The same for a database; several make its table at once. */
export function dataSourceCases(name: string, connect: () => Promise<DataSource>): void {
  urlStoreCases(name, async () => new DataSourceUrlStore(await connect()));

  it(`A store ${name} makes its table where several need it at once`, async () => {
    const sources = await Promise.all([connect(), connect(), connect()]);
    await sources[0]!.query('DROP TABLE tus_client_upload');
    const found = await Promise.all(sources.map((source) => new DataSourceUrlStore(source).find('a1')));
    expect(found).toEqual([[], [], []]);
  });

  it(`A store ${name} lets another client go on with an upload in ranges`, async () => {
    const [folder, peer] = [await ClientFolder.make(), await new TusPeer().start()];
    try {
      const { path, bytes } = await folder.file(4 * MIB);
      const newClient = async () =>
        new TusClient({ endpoint: peer.endpoint, urlStore: new DataSourceUrlStore(await connect()) });
      const [stop, begun] = [new AbortController(), new Set<string>()];
      peer.onBytes = (range) => {
        if (begun.add(range.path).size === 3) stop.abort();
      };
      const options = { parallelUploads: 3, signal: stop.signal };
      const first = (await newClient()).uploadFile(path, options);
      expect(await failure(first)).toMatchObject({ resumable: true });
      const second = await newClient();
      const { url, resumed } = await second.uploadFile(path);
      expect({ resumed, received: peer.received }).toEqual({ resumed: true, received: 4 * MIB });
      expect(peer.at(url).bytes.equals(bytes)).toBe(true);
      expect(await second.findPreviousUploads(path)).toEqual([]);
    } finally {
      await peer.stop();
      await folder.remove();
    }
  });
}

export function recordOf(fingerprint: string): UploadRecord {
  return {
    ...{ id: randomUUID(), fingerprint, endpoint: 'http://h/files', path: '/ä', size: 3, version: '1' },
    ...{ metadata: { filename: 'ä😀' }, createdAt: '2026-01-01T00:00:00.000Z', urls: [null, null, null] },
  };
}

function inOrder(records: readonly UploadRecord[]): UploadRecord[] {
  return records.toSorted((a, b) => a.id.localeCompare(b.id));
}
