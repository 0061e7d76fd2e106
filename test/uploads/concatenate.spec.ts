import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { firstValueFrom } from 'rxjs';
import {
  InvalidHeaderError,
  InvalidMetadataError,
  InvalidPartialError,
  LocalStorage,
  StorageError,
  StorageFullError,
  UploadGoneError,
  UploadInUseError,
  UploadNotFoundError,
  UploadTooLargeError,
} from '../../src/index.js';
import type { StoredUpload, Upload } from '../../src/index.js';
import { bodyOf, UploadsContext } from './uploads-context.js';
import type { ContextOptions } from './uploads-context.js';

type Concatenate = LocalStorage['concatenate'];

/** A local storage whose merges a test holds up or breaks. */
class DirectedStorage extends LocalStorage {
  /** Called before a merge begins; what it throws breaks it. */
  before: (finalId: string) => Promise<void> | void = () => undefined;

  override async concatenate(...step: Parameters<Concatenate>): ReturnType<Concatenate> {
    await this.before(step[0].id);
    return super.concatenate(...step);
  }

  /** So many completions of finals do not find what was merged. */
  losses = 0;

  override async complete(upload: StoredUpload): Promise<void> {
    if (upload.kind === 'final' && this.losses-- > 0) throw new StorageError('missing', 'It is not there.');
    return super.complete(upload);
  }
}

/** A door that a test opens. */
function door(): { readonly opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe('UploadService.concatenate', () => {
  let context: UploadsContext;
  let storage: DirectedStorage;
  /** Partials that a test leaves with their bytes. */
  let kept: string[];

  /** Another application in the place of the one that a test begins with. */
  async function restart(tus: ContextOptions['tus']): Promise<void> {
    await context.stop();
    await start(tus);
  }

  async function start(tus: ContextOptions['tus']): Promise<void> {
    context = await UploadsContext.start({
      tus,
      storage: (directory) => (storage = new DirectedStorage({ directory })),
    });
  }

  beforeEach(async () => {
    kept = [];
    await start({ maxSize: 1000 });
  });
  afterEach(() => context.stop(kept));

  const merge = (partialIds: readonly string[], metadata: string | null = null): Promise<Upload> =>
    context.uploads.concatenate({ partialIds, metadata });

  /** What the service knows of the row that it does not tell. */
  const contentOfRow = async (id: string) => (await context.rows.find(id))?.content;

  /** Until the bytes of a partial are freed, which nobody waits for. */
  async function released(id: string): Promise<void> {
    while ((await contentOfRow(id)) !== 'released');
  }

  it('CON-14 merges in the order of the list, and makes one object', async () => {
    const [one = '', two = '', three = ''] = await context.partials('one,', 'two,', 'three');
    const final = await merge([three, one, two], 'filename YS50eHQ=');
    expect(final).toMatchObject({
      kind: 'final',
      state: 'complete',
      offset: 13,
      length: 13,
      rawMetadata: 'filename YS50eHQ=',
      concat: `final;${three} ${one} ${two}`,
    });
    expect(await context.contentOf(final)).toBe('threeone,two,');
    expect(await context.objects()).toEqual([final.key]);
    expect(context.completed).toEqual([final]);
  });

  it('CON-14 repeats the bytes of a partial that is listed twice', async () => {
    const [one = '', two = ''] = await context.partials('one', 'two');
    expect(await context.contentOf(await merge([one, two, one, one]))).toBe('onetwooneone');
  });

  it('CON-06 merges empty partials, alone and among others', async () => {
    const [empty = '', full = ''] = await context.partials('', 'full');
    expect(await context.contentOf(await merge([empty, full, empty]))).toBe('full');
    const nothing = await merge([empty, empty]);
    expect(nothing).toMatchObject({ state: 'complete', length: 0 });
    expect(await readFile(join(context.directory, nothing.key ?? ''), 'utf8')).toBe('');
  });

  it('merges again if what was merged is lost, once: then the final is lost too, and its partials stay', async () => {
    const ids = await context.partials('one', 'two');
    storage.losses = 1;
    const final = await merge(ids);
    expect(await context.contentOf(final)).toBe('onetwo');
    expect(context.completed).toEqual([final]);

    const others = await context.partials('three', 'four');
    storage.losses = 2;
    await expect(merge(others)).rejects.toThrow(UploadGoneError);
    for (const id of others) expect(await context.uploads.get(id)).toMatchObject({ state: 'complete' });
    expect(await context.contentOf(await merge(others))).toBe('threefour');
  });

  it('CON-30 a repetition gives the same final and announces it once; other metadata make another', async () => {
    const ids = await context.partials('he', 'llo');
    const final = await merge(ids, 'a MQ==');
    expect(await merge(ids, 'a MQ==')).toEqual(final);
    const other = await merge(ids, 'a Mg==');
    expect(other.id).not.toBe(final.id);
    expect(await merge(ids.toReversed(), 'a MQ==')).toMatchObject({ state: 'complete' });
    expect(context.completed).toHaveLength(3);
    expect(await context.contentOf(other)).toBe('hello');
  });

  it('CON-30 after the final was deleted its partials are gone with it (CON-27)', async () => {
    const ids = await context.partials('he', 'llo');
    const final = await merge(ids);
    await context.uploads.terminate(final.id);
    for (const id of ids) await expect(context.uploads.get(id)).rejects.toThrow(UploadNotFoundError);
    await expect(merge(ids)).rejects.toThrow(new InvalidPartialError(1, 'does not exist'));
  });

  it('CON-27 released partials stay known, and serve again out of the final that has their bytes', async () => {
    const [one = '', two = '', three = ''] = await context.partials('one,', 'two,', 'three');
    await merge([one, two]);
    await released(one);
    await released(two);
    expect(await context.workingFiles()).toEqual([three]);
    expect(await context.uploads.get(two)).toMatchObject({ state: 'complete', offset: 4, length: 4 });
    const again = await merge([two, three, one, two]);
    expect(await context.contentOf(again)).toBe('two,threeone,two,');
  });

  it('CON-27 a partial whose bytes two finals have consumed in turn is found in the one that has them', async () => {
    const [one = '', two = ''] = await context.partials('one', 'two');
    const first = await merge([one, two]);
    const second = await merge([two, one]);
    expect(await context.contentOf(await merge([one, one, two]))).toBe('oneonetwo');
    await context.uploads.terminate(second.id);
    expect(await context.contentOf(await merge([two, two]))).toBe('twotwo');
    await context.uploads.terminate(first.id);
    await expect(context.uploads.get(one)).rejects.toThrow(UploadNotFoundError);
  });

  it("keeps the bytes of partials with partials: 'keep'", async () => {
    await restart({ partials: 'keep' });
    kept = await context.partials('he', 'llo');
    const final = await merge(kept);
    await context.uploads.terminate(final.id);
    expect(await context.contentOf(await merge(kept))).toBe('hello');
    expect(await Promise.all(kept.map(contentOfRow))).toEqual(['stored', 'stored']);
  });

  describe('refuses, and changes nothing (CON-12, CON-13, CON-22)', () => {
    it.each([
      ['an unknown partial', 'does not exist', async () => 'none'],
      ['an ordinary upload', 'is not a partial upload', async () => idOf(await single('hello'))],
      ['a final', 'is not a partial upload', async () => idOf(await merge([await context.partial('x')]))],
      ['an incomplete partial', 'is not complete yet', async () => idOf(await partialOf(10))],
      ['a deleted partial', 'does not exist', async () => deleted()],
    ])('%s, by its position', async (_, problem, make) => {
      // Finals that may wait have tests of their own.
      await restart({ extensions: ['creation', 'creation-with-upload', 'concatenation'] });
      const ok = await context.partial('ok');
      kept = [ok];
      const wrong = await make();
      const before = await context.uploads.list();
      for (const [list, position] of [
        [[wrong, ok], 1],
        [[ok, ok, wrong], 3],
      ] as const) {
        const failure: unknown = await merge(list).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(InvalidPartialError);
        expect(failure).toMatchObject({ position, message: expect.stringContaining(problem) });
      }
      expect(await context.uploads.list()).toEqual(before);
      expect((await context.rows.find(ok))?.pins).toBe(0);
    });

    it('an empty list and metadata that break the syntax', async () => {
      await expect(merge([])).rejects.toThrow(InvalidHeaderError);
      kept = await context.partials('x');
      await expect(merge(kept, 'a !')).rejects.toThrow(InvalidMetadataError);
    });

    it('CON-11 a sum above the maximum', async () => {
      kept = await context.partials('x'.repeat(501));
      const [id = ''] = kept;
      await expect(merge([id, id])).rejects.toThrow(UploadTooLargeError);
      expect((await context.rows.find(id))?.pins).toBe(0);
    });

    const idOf = ({ id }: Upload) => id;
    const single = (content: string) =>
      context.uploads.create({ length: content.length, body: bodyOf(content) });
    const partialOf = (length: number) => context.uploads.create({ length, partial: true });
    const deleted = async () => {
      const id = await context.partial('gone');
      await context.uploads.terminate(id);
      return id;
    };
  });

  describe('at the same time', () => {
    it('CON-30 gives one final for the same list', async () => {
      const ids = await context.partials('he', 'llo');
      const finals = await Promise.all(Array.from({ length: 5 }, () => merge(ids)));
      expect(new Set(finals.map(({ id }) => id)).size).toBe(1);
      expect(finals.every(({ state }) => state === 'complete')).toBe(true);
      expect(context.completed).toHaveLength(1);
      expect(await context.contentOf({ id: finals[0]?.id ?? '' })).toBe('hello');
    });

    it('CON-14 makes several finals of the same partials', async () => {
      const ids = await context.partials('one', 'two', 'three');
      const finals = await Promise.all(
        Array.from({ length: 6 }, (_, n) => merge(n % 2 ? ids : ids.toReversed(), `n ${btoa(String(n))}`)),
      );
      for (const [n, final] of finals.entries()) {
        expect(await context.contentOf(final)).toBe(n % 2 ? 'onetwothree' : 'threetwoone');
      }
    });

    it('CON-27 a merge goes on where another has taken the bytes that it was about to read', async () => {
      const ids = await context.partials('one', 'two', 'three');
      const [first, second] = [door(), door()];
      const begun = [door(), door()];
      const gates = [first, second];
      let merges = 0;
      storage.before = async () => {
        const n = merges++;
        begun[n]?.open();
        await gates[n]?.opened;
      };
      const one = merge(ids, 'n MQ==');
      await begun[0]?.opened;
      const two = merge(ids, 'n Mg==');
      await begun[1]?.opened;
      first.open();
      const taker = await one;
      // The first of the list was adopted; all of them stay readable while the second merge needs them.
      second.open();
      expect(await context.contentOf(await two)).toBe('onetwothree');
      expect(await context.contentOf(taker)).toBe('onetwothree');
    });
  });

  describe('while a merge runs', () => {
    it('CON-29 its partials cannot be deleted, the final can, and then they can', async () => {
      const ids = await context.partials('he', 'llo');
      const gate = door();
      const begun = door();
      storage.before = async () => {
        begun.open();
        await gate.opened;
      };
      const merging = merge(ids);
      const ended = merging.catch((error: unknown) => error);
      await begun.opened;
      for (const id of ids) await expect(context.uploads.terminate(id)).rejects.toThrow(UploadInUseError);
      const [final] = await context.uploads.list({ kind: 'final' });
      expect(final).toMatchObject({ state: 'merging', offset: 0, length: 5 });
      const terminated = context.uploads.terminate(final?.id ?? '');
      gate.open();
      await terminated;
      expect(await ended).toBeInstanceOf(Error);
      expect(await context.uploads.find(final?.id ?? '')).toBeUndefined();
      expect(context.completed).toEqual([]);
      for (const id of ids) await context.uploads.terminate(id);
    });

    it('CON-31 respondAfter: 0 answers `merging`, and the final completes later', async () => {
      await restart({ respondAfter: 0 });
      const ids = await context.partials('he', 'llo');
      const gate = door();
      storage.before = () => gate.opened;
      const completed = firstValueFrom(context.completed$);
      const answered = await merge(ids);
      expect(answered).toMatchObject({ kind: 'final', state: 'merging', offset: 0, length: 5 });
      expect(await merge(ids)).toMatchObject({ id: answered.id, state: 'merging' });
      gate.open();
      expect(await completed).toMatchObject({ id: answered.id, state: 'complete', offset: 5 });
      expect(await context.contentOf(answered)).toBe('hello');
      expect(context.completed).toHaveLength(1);
    });
  });

  describe('whose storage fails', () => {
    it('CON-31 before the answer leaves no final, and the partials as they were', async () => {
      const ids = await context.partials('he', 'llo');
      storage.before = () => {
        throw new StorageError('full', 'no space');
      };
      await expect(merge(ids)).rejects.toThrow(StorageFullError);
      expect(await context.uploads.list({ kind: 'final' })).toEqual([]);
      storage.before = () => undefined;
      expect(await context.contentOf(await merge(ids))).toBe('hello');
    });

    it('CON-31 after the answer is taken up again', async () => {
      await restart({ respondAfter: 0 });
      const ids = await context.partials('he', 'llo');
      const gate = door();
      storage.before = async () => {
        await gate.opened;
        throw new StorageError('unavailable', 'a passing fault');
      };
      const { id } = await merge(ids);
      gate.open();
      while ((await context.rows.find(id))?.leaseHolder !== null);
      storage.before = () => undefined;
      const completed = firstValueFrom(context.completed$);
      await context.maintain();
      expect(await completed).toMatchObject({ id });
      expect(await context.contentOf({ id })).toBe('hello');
    });
  });

  it('goes on with a merge that the application before it had to leave', async () => {
    const { directory } = context;
    const ids = await context.partials('he', 'llo');
    const begun = door();
    const gate = door();
    storage.before = async () => {
      begun.open();
      await gate.opened;
    };
    const cut = merge(ids).catch((error: unknown) => error);
    await begun.opened;
    const stopping = context.leave();
    gate.open();
    await stopping;
    expect(await cut).toBeInstanceOf(Error);
    context = await UploadsContext.start({ directory });
    await context.maintain();
    const final = await merge(ids);
    expect(final).toMatchObject({ state: 'complete' });
    expect(await context.contentOf(final)).toBe('hello');
    expect(context.completed).toHaveLength(1);
  });
});
