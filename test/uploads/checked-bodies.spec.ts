import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { ChecksumMismatchError, LocalStorage, StorageError } from '../../src/index.js';
import type { AppendContext, AppendResult, ByteRange, StoredUpload } from '../../src/index.js';
import type { Checksum, ChecksumInput } from '../../src/index.js';
import { bodyOf, brokenBody, UploadsContext } from './uploads-context.js';

function sha1(bytes: string): Checksum {
  return { algorithm: 'sha1', digest: createHash('sha1').update(bytes).digest() };
}

/** A local storage that fails, or is looked at, between its bytes and their verification. */
class WatchedStorage extends LocalStorage {
  onAppended: ((upload: StoredUpload) => Promise<void>) | undefined;
  appendFault: StorageError | undefined;
  readFault: StorageError | undefined;

  override async append(
    upload: StoredUpload,
    body: AsyncIterable<readonly Buffer[]>,
    context: AppendContext,
  ): Promise<AppendResult> {
    const result = await super.append(upload, body, context);
    await this.onAppended?.(upload);
    return this.appendFault ? { ...result, failure: this.appendFault } : result;
  }

  override async readUnfinished(upload: StoredUpload, range: ByteRange): Promise<Readable> {
    if (this.readFault) throw this.readFault;
    return super.readUnfinished(upload, range);
  }
}

describe('a body with a checksum', () => {
  let context: UploadsContext;
  let storage: WatchedStorage;

  beforeEach(async () => {
    const made = (directory: string) => (storage = new WatchedStorage({ directory }));
    context = await UploadsContext.start({ storage: made });
  });

  it.each<[string, ChecksumInput]>([
    ['in front', { header: sha1('hello') }],
    ['announced behind it', { announced: ['sha1'], trailer: () => sha1('hello') }],
    ['perhaps behind it', { trailer: () => undefined }],
  ])(
    'that comes whole with its creation is not `finishing` before it was verified: a crash publishes nothing (CHK-03; %s)',
    async (_, checksum) => {
      const states: unknown[] = [];
      storage.onAppended = async ({ id }) => void states.push((await context.rows.find(id))?.state);
      const made = await context.uploads.create({
        length: 5,
        contentLength: 5,
        body: bodyOf('hello'),
        checksum,
      });
      expect(states).toEqual(['open']);
      expect(made.state).toBe('complete');
      await context.stop();
    },
  );

  it('that stops early leaves the upload where it stood, and says so (CHK-09)', async () => {
    const { id } = await context.uploads.create({ length: 10, contentLength: 2, body: bodyOf('he') });
    const cut = {
      offset: 2,
      body: brokenBody('llo'),
      contentLength: 8,
      checksum: { header: sha1('lloworld') },
    };
    await expect(context.uploads.append(id, cut)).rejects.toMatchObject({
      code: 'BODY_INTERRUPTED',
      offset: 2,
    });
    expect(await context.uploads.get(id)).toMatchObject({ offset: 2, state: 'open' });
    await context.stop([id]);
  });

  it('counts not even in part when the storage fails (CHK-09)', async () => {
    const { id } = await context.uploads.create({ length: 10 });
    const input = () => ({ offset: 0, body: bodyOf('hello'), checksum: { header: sha1('hello') } });
    storage.appendFault = new StorageError('full', 'no space');
    await expect(context.uploads.append(id, input())).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    expect((await context.uploads.get(id)).offset).toBe(0);
    storage.appendFault = undefined;
    expect((await context.uploads.append(id, input())).offset).toBe(5);
    await context.stop([id]);
  });

  describe('behind it that nobody announced (CHK-13)', () => {
    const behind = (bytes: string, said = bytes) => ({
      ...{ offset: 0, body: bodyOf(bytes), checksum: { trailer: () => sha1(said) } },
    });

    it('is compared with what is stored', async () => {
      const { id } = await context.uploads.create({ length: 10 });
      await expect(context.uploads.append(id, behind('hello', 'HELLO'))).rejects.toThrow(
        ChecksumMismatchError,
      );
      expect((await context.uploads.get(id)).offset).toBe(0);
      expect((await context.uploads.append(id, behind('hello'))).offset).toBe(5);
      await context.stop([id]);
    });

    it('counts nothing when that cannot be read just now, which is a fault of the storage', async () => {
      const { id } = await context.uploads.create({ length: 5 });
      storage.readFault = new StorageError('unavailable', 'not now');
      const failing = context.uploads.append(id, behind('hello'));
      await expect(failing).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
      expect(await context.uploads.get(id)).toMatchObject({ offset: 0, state: 'open' });
      storage.readFault = undefined;
      expect((await context.uploads.append(id, behind('hello'))).state).toBe('complete');
      expect(await context.contentOf({ id })).toBe('hello');
      await context.stop();
    });

    it('ends the upload when that is gone', async () => {
      const { id } = await context.uploads.create({ length: 5 });
      storage.readFault = new StorageError('missing', 'gone');
      const failing = context.uploads.append(id, behind('hello'));
      await expect(failing).rejects.toMatchObject({ code: 'UPLOAD_GONE' });
      await expect(context.uploads.get(id)).rejects.toMatchObject({ code: 'UPLOAD_GONE' });
      await context.stop();
    });
  });
});
