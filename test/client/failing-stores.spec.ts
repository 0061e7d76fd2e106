import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { appendFile } from 'node:fs/promises';
import {
  MemoryUrlStore,
  TusClient,
  UploadInterruptedError,
  type UploadRecord,
} from '../../src/client/index.js';
import { ClientFolder, failure, MIB } from './client-folder.js';
import { TusPeer } from './tus-peer.js';

let folder: ClientFolder;
let peer: TusPeer;
let client: TusClient;

beforeEach(async () => {
  folder = await ClientFolder.make();
  peer = await new TusPeer().start();
  client = new TusClient({ endpoint: peer.endpoint, retryDelays: [0] });
});
afterEach(async () => {
  await peer.stop();
  await folder.remove();
});

/** Does each of its calls as it is told to. */
class FaultyStore extends MemoryUrlStore {
  before: (call: 'find' | 'save' | 'remove', record?: UploadRecord) => Promise<void> | void = () => undefined;

  override async find(fingerprint: string): Promise<UploadRecord[]> {
    await this.before('find');
    return super.find(fingerprint);
  }

  override async save(record: UploadRecord): Promise<void> {
    await this.before('save', record);
    return super.save(record);
  }

  override async remove(record: UploadRecord): Promise<void> {
    await this.before('remove', record);
    return super.remove(record);
  }
}

describe('an onWarning that throws, since the upload could not be resumed', () => {
  it.each([
    ['find', 1],
    ['save', 1],
    ['save', 4],
    ['remove', 1],
  ] as const)('ends the upload with what it throws: at %s (%i ranges)', async (failing, parallelUploads) => {
    const { path } = await folder.file(4 * MIB);
    const urlStore = new FaultyStore();
    urlStore.before = (call) => {
      if (call === failing) throw new Error('disk full');
    };
    const { signal } = new AbortController();
    const onWarning = (message: string) => {
      throw new RangeError(message);
    };
    const error = await failure(
      client.uploadFile(path, { urlStore, parallelUploads, signal, onWarning, retryDelays: [0] }),
    );
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe('This upload cannot be resumed: disk full.');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    const begun = peer.requests.filter((request) => request.startsWith('PATCH'));
    expect(begun).toHaveLength(failing === 'remove' ? 1 : 0);
  });
});

describe('a store that does not answer', () => {
  it.each([
    ['find', 1, false],
    ['save', 1, false],
    ['save', 4, false],
    ['remove', 1, true],
  ] as const)(
    'does not keep an upload that is stopped: %s (%i ranges)',
    async (silent, ranges, resumable) => {
      const { path } = await folder.file(4 * MIB);
      const stop = new AbortController();
      const urlStore = new FaultyStore();
      urlStore.before = async (call) => {
        if (call !== silent) return;
        stop.abort(new Error('enough'));
        await new Promise(() => undefined);
      };
      const running = client.uploadFile(path, { urlStore, parallelUploads: ranges, signal: stop.signal });
      const error = await failure(running);
      expect(error).toBeInstanceOf(UploadInterruptedError);
      expect(error).toMatchObject({ resumable, cause: new Error('enough') });
    },
  );

  it('at once has a moment to do it after the stop, so that the next call finds what it wrote', async () => {
    const { path } = await folder.file(1000);
    const stop = new AbortController();
    const urlStore = new FaultyStore();
    urlStore.before = async (call) => {
      if (call !== 'save') return;
      stop.abort();
      await Promise.resolve();
    };
    const running = client.uploadFile(path, { urlStore, signal: stop.signal });
    expect(await failure(running)).toMatchObject({ resumable: true });
    expect(await client.findPreviousUploads(path, { urlStore })).toHaveLength(1);
  });
});

describe('a store that fails for a moment', () => {
  it.each([1, 2])('is asked to forget the upload all the same: at save %i of two', async (failing) => {
    const { path } = await folder.file(MIB);
    const [urlStore, warnings] = [new FaultyStore(), [] as string[]];
    let saves = 0;
    const saved = new Promise<void>((resolve) => {
      urlStore.before = (call) => {
        if (call !== 'save') return;
        resolve();
        if (++saves === failing) throw new Error('SQLITE_BUSY');
      };
    });
    let asked = 0;
    const headers = async () => {
      // After OPTIONS, and the POST of the first range.
      if (++asked === 3) await saved;
      return {};
    };
    const onWarning = (message: string) => void warnings.push(message);
    await client.uploadFile(path, { parallelUploads: 2, urlStore, headers, onWarning });
    expect(warnings).toEqual(['This upload cannot be resumed: SQLITE_BUSY.']);
    expect(await client.findPreviousUploads(path, { urlStore })).toEqual([]);
    expect(await client.uploadFile(path, { urlStore })).toMatchObject({ resumed: false });
  });

  it('may have kept what it failed to save, and is asked to forget it', async () => {
    const { path } = await folder.file(MIB);
    const urlStore = new FaultyStore();
    urlStore.before = async (call, record) => {
      if (call !== 'save' || !record) return;
      urlStore.before = () => undefined;
      await urlStore.save(record);
      throw new Error('the connection was lost');
    };
    await client.uploadFile(path, { urlStore });
    expect(await client.findPreviousUploads(path, { urlStore })).toEqual([]);
  });

  it('keeps no complete upload since what is outdated could not be removed', async () => {
    const { path } = await folder.file(MIB);
    const [urlStore, warnings] = [new FaultyStore(), [] as string[]];
    await client.uploadFile(path, { urlStore, stopAt: 10 });
    await appendFile(path, 'x');
    let removals = 0;
    urlStore.before = (call) => {
      if (call === 'remove' && ++removals === 1) throw new Error('SQLITE_BUSY');
    };
    const records = new Set<string>();
    const { save } = urlStore;
    urlStore.save = async (record) => {
      records.add(record.fingerprint);
      await save.call(urlStore, record);
    };
    await client.uploadFile(path, { urlStore, onWarning: (message) => void warnings.push(message) });
    expect(warnings).toEqual([]);
    const [fingerprint = ''] = records;
    expect(await urlStore.find(fingerprint)).toEqual([]);
  });
});
