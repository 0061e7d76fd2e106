import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ChecksumMismatchError, StorageError } from '../../src/index.js';
import type { AppendToUpload, Checksum, ChecksumInput } from '../../src/index.js';
import { PartsStorage } from './parts-storage.js';
import { bodyOf, brokenBody, UploadsContext } from './uploads-context.js';

const AWAY = new StorageError('unavailable', 'not now');

function sha1(bytes: string): Checksum {
  return { algorithm: 'sha1', digest: createHash('sha1').update(bytes).digest() };
}

describe('an upload whose storage keeps parts', () => {
  let context: UploadsContext;
  let storage: PartsStorage;

  beforeEach(async () => {
    const made = (directory: string) => (storage = new PartsStorage(directory));
    context = await UploadsContext.start({ storage: made });
  });
  afterEach(async () => {
    await context.leave();
    await rm(context.directory, { recursive: true });
  });

  const objects = () => [...storage.objects.keys()].toSorted();
  const endings = () => storage.calls.filter((call) => call.startsWith('finish.'));

  /** One that stands behind a part with the bytes `he`. */
  async function begun(partial = false): Promise<string> {
    const { id } = await context.uploads.create({ length: 5, partial });
    await context.uploads.append(id, { offset: 0, body: bodyOf('he'), contentLength: 2 });
    return id;
  }

  function rest(values: Partial<AppendToUpload> = {}): AppendToUpload {
    return { offset: 2, body: bodyOf('llo'), contentLength: 3, ...values };
  }

  /** Somebody else takes over while the holder still believes that it may write. */
  async function takenOver(id: string): Promise<void> {
    await context.connection.query('UPDATE tus_upload SET lease_expires_at = 0 WHERE id = ?', [id]);
    expect(await context.rows.take(id, 'another', { states: ['open'] })).toBeDefined();
  }

  describe('is finished with what its append has at hand', () => {
    it('once its row says so, and has no parts left then', async () => {
      const seen: unknown[] = [];
      storage.onFinish = async ({ id }) => void seen.push(await context.rows.find(id));
      const id = await begun();
      expect(await context.parts.list(id)).toMatchObject([{ number: 1, epoch: 1, start: 0, length: 2 }]);
      expect(await context.uploads.append(id, rest())).toMatchObject({ state: 'complete', offset: 5 });
      expect(seen).toMatchObject([{ state: 'finishing', offset: 2, length: 5 }]);
      await context.idle();
      expect(storage.calls).toEqual(['finish.complete', 'discardWork']);
      expect(objects()).toEqual([id]);
      expect(await context.parts.list(id)).toEqual([]);
      expect(await context.contentOf({ id })).toBe('hello');
    });

    it('where it comes whole with its creation, without a part', async () => {
      const seen: unknown[] = [];
      storage.onFinish = async ({ id }) => void seen.push((await context.rows.find(id))?.state);
      const made = await context.uploads.create({ length: 5, body: bodyOf('hello'), contentLength: 5 });
      expect(seen).toEqual(['finishing']);
      await context.idle();
      expect(storage.calls).toEqual(['finish.complete', 'discardWork']);
      expect(await context.contentOf(made)).toBe('hello');
    });

    it('although its client was gone behind the last byte', async () => {
      const id = await begun();
      const cut = rest({ body: brokenBody('llo') });
      expect(await context.uploads.append(id, cut)).toMatchObject({ state: 'complete' });
      expect(endings()).toEqual(['finish.complete']);
      expect(await context.contentOf({ id })).toBe('hello');
    });

    it('as a partial too, whose parts stay until it is released', async () => {
      const id = await begun(true);
      await context.uploads.append(id, rest());
      await context.maintain();
      expect(storage.calls).toEqual(['finish.complete']);
      const final = await context.uploads.concatenate({ partialIds: [id, id] });
      expect(await context.contentOf(final)).toBe('hellohello');
      await context.idle();
      expect(objects()).toEqual([final.id]);
      expect([await context.parts.list(id), await context.parts.list(final.id)]).toEqual([[], []]);
    });
  });

  describe('that cannot be finished', () => {
    it('stays where it stood, and its client goes on from there', async () => {
      const id = await begun();
      storage.onFinish = () => Promise.reject(AWAY);
      await expect(context.uploads.append(id, rest())).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
      expect(endings()).toEqual(['finish.complete']);
      expect(await context.uploads.get(id)).toMatchObject({ offset: 2, state: 'finishing' });
      storage.onFinish = undefined;
      expect(await context.uploads.append(id, rest())).toMatchObject({ state: 'complete' });
      expect(await context.contentOf({ id })).toBe('hello');
    });

    it('is open again after maintenance found that its end was never stored', async () => {
      const id = await begun();
      storage.onFinish = () => Promise.reject(AWAY);
      await expect(context.uploads.append(id, rest())).rejects.toThrow();
      await context.maintain();
      expect(await context.uploads.get(id)).toMatchObject({ offset: 2, state: 'open' });
      expect(storage.calls).toEqual(['finish.complete', 'complete']);
    });

    it('is not completed with bytes that never verified (CHK-04)', async () => {
      const { id } = await context.uploads.create({ length: null });
      await context.uploads.append(id, { offset: 0, body: bodyOf('he'), contentLength: 2 });
      const wrong = rest({ body: bodyOf('LLO'), checksum: { header: sha1('llo') } });
      await expect(context.uploads.append(id, wrong)).rejects.toThrow(ChecksumMismatchError);
      storage.onFinish = () => Promise.reject(AWAY);
      await expect(context.uploads.append(id, rest({ length: 5 }))).rejects.toThrow();
      await context.maintain();
      expect(await context.uploads.get(id)).toMatchObject({ offset: 2, length: 5, state: 'open' });
      storage.onFinish = undefined;
      await context.uploads.append(id, rest());
      expect(await context.contentOf({ id })).toBe('hello');
    });

    it('is complete after maintenance found its object: only the answer was lost', async () => {
      const id = await begun();
      storage.onFinish = () => {
        storage.objects.set(id, Buffer.from('hello'));
        return Promise.reject(AWAY);
      };
      await expect(context.uploads.append(id, rest())).rejects.toThrow();
      await context.maintain();
      await context.idle();
      expect(await context.uploads.get(id)).toMatchObject({ offset: 5, state: 'complete' });
      expect(objects()).toEqual([id]);
    });

    it('leaves nothing of its creation (CRE-22)', async () => {
      storage.onFinish = () => Promise.reject(AWAY);
      const creating = context.uploads.create({ length: 5, body: bodyOf('hello'), contentLength: 5 });
      await expect(creating).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
      expect(await context.rows.list({ limit: 10 })).toEqual([]);
      expect(objects()).toEqual([]);
      expect(endings()).toEqual(['finish.complete']);
    });
  });

  describe('has what is at hand discarded, once,', () => {
    it.each<[string, ChecksumInput]>([
      ['a checksum in front is wrong (CHK-04)', { header: sha1('other') }],
      ['an announced one is (CHK-10)', { announced: ['sha1'], trailer: () => sha1('other') }],
      ['an announced one does not come (CHK-12)', { announced: ['sha1'], trailer: () => undefined }],
      ['one behind it that nobody announced is (CHK-13)', { trailer: () => sha1('other') }],
    ])('where %s', async (_, checksum) => {
      const id = await begun();
      await expect(context.uploads.append(id, rest({ checksum }))).rejects.toThrow();
      expect(endings()).toEqual(['finish.discard']);
      expect(await context.uploads.get(id)).toMatchObject({ offset: 2, state: 'open' });
      expect(await context.uploads.append(id, rest())).toMatchObject({ state: 'complete' });
      const creation = { length: 5, body: bodyOf('hello'), contentLength: 5, checksum };
      await expect(context.uploads.create(creation)).rejects.toThrow();
      expect(endings()).toEqual(['finish.discard', 'finish.complete', 'finish.discard']);
      expect(await context.rows.list({ limit: 10 })).toHaveLength(1);
      await context.idle();
      expect(objects()).toEqual([id]);
    });

    it.each(['unavailable', 'full', 'missing'] as const)('where the storage failed (%s)', async (kind) => {
      const id = await begun();
      storage.appendFault = new StorageError(kind, 'not now');
      await expect(context.uploads.append(id, rest())).rejects.toThrow();
      expect(endings()).toEqual(['finish.discard']);
      await context.idle();
      expect(objects()).toEqual(kind === 'missing' ? [] : [`part 1 of ${id}`]);
    });

    it('where the lease went to somebody else', async () => {
      const id = await begun();
      storage.onAppended = () => takenOver(id);
      await expect(context.uploads.append(id, rest())).rejects.toMatchObject({ code: 'UPLOAD_LOCKED' });
      expect(endings()).toEqual(['finish.discard']);
      expect(await context.rows.find(id)).toMatchObject({ offset: 2, state: 'open', epoch: 3 });
    });
  });

  it('has no part recorded by a writer whose lease went to somebody else', async () => {
    const id = await begun();
    storage.onPart = () => takenOver(id);
    const appending = context.uploads.append(id, { offset: 2, body: bodyOf('l'), contentLength: 1 });
    await expect(appending).rejects.toMatchObject({ code: 'UPLOAD_LOCKED' });
    expect(await context.parts.list(id)).toMatchObject([{ number: 1 }]);
  });

  it('is freed with its parts (TER-06)', async () => {
    const id = await begun();
    await context.uploads.terminate(id);
    await context.idle();
    expect(objects()).toEqual([]);
    expect(await context.parts.list(id)).toEqual([]);
    expect(await context.rows.find(id)).toMatchObject({ state: 'gone' });
  });

  it('has parts that could not be removed after its completion removed by maintenance, tried once a round', async () => {
    storage.discardFault = AWAY;
    const ids = [await begun(), await begun()];
    for (const id of ids) await context.uploads.append(id, rest());
    await context.idle();
    storage.calls.length = 0;
    await context.maintain();
    expect(storage.calls).toEqual(['discardWork', 'discardWork']);
    for (const id of ids) expect(await context.parts.list(id)).toHaveLength(1);
    storage.discardFault = undefined;
    await context.maintain();
    expect(objects()).toEqual(ids.toSorted());
    for (const id of ids) expect(await context.parts.list(id)).toEqual([]);
    storage.calls.length = 0;
    await context.maintain();
    expect(storage.calls).toEqual([]);
  });

  it('keeps the parts of a complete partial, unless the storage says that they are not needed any more', async () => {
    const partials = [await begun(true), await begun(true)];
    await context.uploads.append(partials[0]!, rest());
    storage.partialsLeaveWork = true;
    // As after a crash behind the statement that completed the second one.
    storage.discardFault = AWAY;
    await context.uploads.append(partials[1]!, rest());
    await context.idle();
    expect(storage.calls).toEqual(['finish.complete', 'finish.complete', 'discardWork']);
    for (const id of partials) expect(await context.parts.list(id)).toHaveLength(1);

    storage.discardFault = undefined;
    await context.maintain();
    expect(objects()).toEqual(partials.map((id) => `partial ${id}`).toSorted());
    for (const id of partials) expect(await context.parts.list(id)).toEqual([]);
  });

  describe('that cannot be read back takes a checksum that nobody announced', () => {
    const chunked = (content: string, trailer: () => Checksum | undefined): AppendToUpload => ({
      offset: 2,
      body: bodyOf(content),
      checksum: { trailer },
    });

    it.each(['sha1', 'sha256', 'sha512', 'md5'] as const)('of %s (CHK-13)', async (algorithm) => {
      const id = await begun();
      const trailer = (bytes: string) => () => ({
        algorithm,
        digest: createHash(algorithm).update(bytes).digest(),
      });
      await expect(context.uploads.append(id, chunked('ll', trailer('xx')))).rejects.toThrow(
        ChecksumMismatchError,
      );
      expect(await context.uploads.get(id)).toMatchObject({ offset: 2, state: 'open' });
      expect(await context.uploads.append(id, chunked('llo', trailer('llo')))).toMatchObject({ offset: 5 });
      expect(await context.contentOf({ id })).toBe('hello');
    });

    it('or none at all, and then a body that was cut off counts up to there (CORE-15)', async () => {
      const id = await begun();
      const cut = { ...chunked('', () => undefined), body: brokenBody('l') };
      await expect(context.uploads.append(id, cut)).rejects.toMatchObject({ code: 'BODY_INTERRUPTED' });
      expect(await context.uploads.get(id)).toMatchObject({ offset: 3 });
    });
  });
});
