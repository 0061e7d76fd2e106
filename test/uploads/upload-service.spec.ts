import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  BodyInterruptedError,
  BodyTooLongError,
  FinalNotWritableError,
  InvalidHeaderError,
  InvalidMetadataError,
  LengthConflictError,
  Metadata,
  OffsetConflictError,
  UploadGoneError,
  UploadLockedError,
  UploadNotFoundError,
  UploadTooLargeError,
} from '../../src/index.js';
import { bodyOf, brokenBody, UploadsContext } from './uploads-context.js';

describe('UploadService without HTTP', () => {
  let context: UploadsContext;
  /** Working files that a test leaves on purpose: of uploads that are not complete. */
  let unfinished: string[];

  beforeEach(async () => {
    unfinished = [];
    context = await UploadsContext.start({ tus: { maxSize: 1000 } });
  });
  afterEach(() => context.stop(unfinished));

  async function expectNothing(): Promise<void> {
    expect(await context.uploads.list()).toEqual([]);
    expect(await context.workingFiles()).toEqual([]);
    expect(await context.objects()).toEqual([]);
  }

  /** An upload that stands at the end of `content`. */
  async function begun(content: string, length: number | null): Promise<string> {
    const { id } = await context.uploads.create({ length, body: bodyOf(content) });
    if (content !== '') unfinished.push(id);
    return id;
  }

  describe('create', () => {
    it('makes an upload that waits for its bytes, and stores nothing yet', async () => {
      const metadata = Metadata.from({ filename: 'a.txt' }).toHeader();
      const upload = await context.uploads.create({ length: 5, metadata });
      expect(upload).toMatchObject({
        kind: 'single',
        state: 'open',
        offset: 0,
        length: 5,
        rawMetadata: metadata,
        concat: null,
        completedAt: null,
      });
      expect(upload.metadata.get('filename')).toBe('a.txt');
      expect(Object.isFrozen(upload)).toBe(true);
      expect(upload.id).toMatch(/^[\w-]{22}$/);
      expect(await context.workingFiles()).toEqual([]);
    });

    it.each([5, undefined])(
      'CRE-22 stores a whole body (announced: %p) and completes',
      async (contentLength) => {
        const upload = await context.uploads.create({
          length: 5,
          body: bodyOf('he', 'llo'),
          ...(contentLength !== undefined && { contentLength }),
        });
        expect(upload).toMatchObject({ state: 'complete', offset: 5, completedAt: expect.any(Date) });
        expect(await readFile(join(context.directory, upload.key ?? ''), 'utf8')).toBe('hello');
        expect(context.completed).toEqual([upload]);
      },
    );

    it('CRE-20 stores the first bytes of a longer upload', async () => {
      const upload = await context.uploads.create({ length: 10, body: bodyOf('hello') });
      expect(upload).toMatchObject({ state: 'open', offset: 5 });
      unfinished.push(upload.id);
      const body = bodyOf('world');
      expect(await context.uploads.append(upload.id, { offset: 5, body })).toMatchObject({
        state: 'complete',
      });
      unfinished = [];
      expect(await context.contentOf(upload)).toBe('helloworld');
    });

    it('CRE-13 leaves the length open', async () => {
      const upload = await context.uploads.create({ length: null, body: bodyOf('hello') });
      expect(upload).toMatchObject({ state: 'open', offset: 5, length: null });
      unfinished.push(upload.id);
    });

    it('CRE-04 completes an empty upload at once', async () => {
      const upload = await context.uploads.create({ length: 0 });
      expect(upload).toMatchObject({ state: 'complete', offset: 0, length: 0 });
      expect(await context.contentOf(upload)).toBe('');
      expect(context.completed).toEqual([upload]);
    });

    it('CON-05 completes a partial without publishing or announcing it', async () => {
      const id = await context.partial('hello');
      expect(await context.uploads.get(id)).toMatchObject({
        kind: 'partial',
        state: 'complete',
        key: null,
        concat: 'partial',
      });
      expect(context.completed).toEqual([]);
      expect(await context.objects()).toEqual([]);
      unfinished.push(id);
    });

    it('CON-06 completes an empty partial', async () => {
      expect(await context.uploads.create({ length: 0, partial: true })).toMatchObject({ state: 'complete' });
    });

    it('CRE-24 keeps the prefix of a body that breaks off', async () => {
      const body = brokenBody('hel');
      await expect(context.uploads.create({ length: 5, body })).rejects.toMatchObject({ offset: 3 });
      const [upload] = await context.uploads.list();
      expect(upload).toMatchObject({ state: 'open', offset: 3 });
      unfinished.push(upload?.id ?? '');
    });

    it('CRE-24 a whole upload whose body breaks off goes on where it stands', async () => {
      const body = brokenBody('hel');
      await expect(context.uploads.create({ length: 5, body, contentLength: 5 })).rejects.toThrow(
        BodyInterruptedError,
      );
      const [upload] = await context.uploads.list();
      const { id = '' } = upload ?? {};
      expect(upload).toMatchObject({ state: 'open', offset: 3 });
      await context.uploads.append(id, { offset: 3, body: bodyOf('lo') });
      expect(await context.contentOf({ id })).toBe('hello');
    });

    it.each([
      ['more bytes than it said (announced)', { length: 3, contentLength: 5 }, BodyTooLongError],
      ['more bytes than it said (not announced)', { length: 3 }, BodyTooLongError],
      ['a length above the maximum', { length: 1001 }, UploadTooLargeError],
      ['bytes above the maximum', { length: null, contentLength: 1001 }, UploadTooLargeError],
      ['Upload-Concat that would end a header', { length: 3, concat: 'a\r\nb: c' }, InvalidHeaderError],
      ['metadata that break the syntax', { length: 3, metadata: 'a !' }, InvalidMetadataError],
      ['a negative length', { length: -1 }, InvalidHeaderError],
      ['a broken length', { length: 1.5 }, InvalidHeaderError],
      ['no number as length', { length: Number.NaN }, InvalidHeaderError],
    ])('refuses %s, and leaves nothing behind (promise 4)', async (_, input, refusal) => {
      await expect(context.uploads.create({ body: bodyOf('hello'), ...input })).rejects.toThrow(refusal);
      await expectNothing();
    });

    it('CRE-08 stops an upload of unknown length at the maximum', async () => {
      const body = Readable.from([Buffer.alloc(600), Buffer.alloc(600)]);
      await expect(context.uploads.create({ length: null, body })).rejects.toThrow(UploadTooLargeError);
      await expectNothing();
    });
  });

  describe('append', () => {
    it('CORE-11 moves the offset by what came, and the last byte completes', async () => {
      const { id } = await context.uploads.create({ length: 10 });
      expect(await context.uploads.append(id, { offset: 0, body: bodyOf('hello') })).toMatchObject({
        state: 'open',
        offset: 5,
      });
      expect(context.completed).toEqual([]);
      const completed = await context.uploads.append(id, { offset: 5, body: bodyOf('wor', 'ld') });
      expect(completed).toMatchObject({ state: 'complete', offset: 10 });
      expect(context.completed).toEqual([completed]);
      expect(await context.contentOf({ id })).toBe('helloworld');
    });

    it('CORE-14 of nothing changes nothing, and at the end completes nothing twice', async () => {
      const { id } = await context.uploads.create({ length: 5 });
      expect(await context.uploads.append(id, { offset: 0, body: bodyOf() })).toMatchObject({ offset: 0 });
      await context.uploads.append(id, { offset: 0, body: bodyOf('hello') });
      expect(await context.uploads.append(id, { offset: 5, body: bodyOf() })).toMatchObject({
        state: 'complete',
      });
      expect(context.completed).toHaveLength(1);
    });

    it('CRE-14 takes the length when it is known, also with the last bytes or with none', async () => {
      const [first, second] = [await begun('hello', null), await begun('hello', null)];
      await context.uploads.append(first, { offset: 5, body: bodyOf('!'), length: 6 });
      expect(await context.contentOf({ id: first })).toBe('hello!');
      await context.uploads.append(second, { offset: 5, body: bodyOf(), length: 5 });
      expect(await context.contentOf({ id: second })).toBe('hello');
      unfinished = [];
    });

    it.each([
      [3, 5],
      [7, 5],
      [0, 5],
    ])('CORE-10 at %i where the upload stands at %i is refused', async (offset, standing) => {
      const id = await begun('hello', 10);
      const refused = context.uploads.append(id, { offset, body: bodyOf('x') });
      await expect(refused).rejects.toThrow(new OffsetConflictError(standing));
      expect(await context.uploads.get(id)).toMatchObject({ offset: standing });
    });

    it.each([
      ['another length than before', 10, 11],
      ['a length below what is stored', null, 4],
    ])('CRE-15 CRE-16 refuses %s', async (_, length, said) => {
      const id = await begun('hello', length);
      const refused = context.uploads.append(id, { offset: 5, body: bodyOf('x'), length: said });
      await expect(refused).rejects.toThrow(LengthConflictError);
      expect(await context.uploads.get(id)).toMatchObject({ offset: 5, length });
    });

    it.each([-1, 5.5, Number.NaN])('refuses %p as length', async (length) => {
      const id = await begun('hello', null);
      const refused = context.uploads.append(id, { offset: 5, body: bodyOf('x'), length });
      await expect(refused).rejects.toThrow(InvalidHeaderError);
      expect(await context.uploads.get(id)).toMatchObject({ offset: 5, length: null });
    });

    it('CRE-15 takes the same length again', async () => {
      const id = await begun('hello', null);
      await context.uploads.append(id, { offset: 5, body: bodyOf('x'), length: 10 });
      expect(await context.uploads.append(id, { offset: 6, body: bodyOf('y'), length: 10 })).toMatchObject({
        offset: 7,
        length: 10,
      });
    });

    it('CRE-08 refuses a length above the maximum', async () => {
      const id = await begun('hello', null);
      const refused = context.uploads.append(id, { offset: 5, body: bodyOf('x'), length: 1001 });
      await expect(refused).rejects.toThrow(UploadTooLargeError);
    });

    it('CORE-16 refuses more than the length before it reads, if the body says so', async () => {
      const id = await begun('hello', 7);
      const body = bodyOf('abc');
      await expect(context.uploads.append(id, { offset: 5, body, contentLength: 3 })).rejects.toThrow(
        BodyTooLongError,
      );
      expect(body.readableDidRead).toBe(false);
      expect(await context.uploads.get(id)).toMatchObject({ offset: 5 });
    });

    it('CORE-16 never completes with a prefix of a body that turns out too long', async () => {
      const id = await begun('hello', 7);
      const body = bodyOf('ab', 'c');
      await expect(context.uploads.append(id, { offset: 5, body })).rejects.toThrow(BodyTooLongError);
      expect(await context.uploads.get(id)).toMatchObject({ state: 'open', offset: 5 });
      expect(context.completed).toEqual([]);
    });

    it('CORE-15 keeps the prefix of a body that breaks off', async () => {
      const { id } = await context.uploads.create({ length: 10 });
      const refused = context.uploads.append(id, { offset: 0, body: brokenBody('hello') });
      await expect(refused).rejects.toThrow(new BodyInterruptedError(5));
      expect(await context.uploads.get(id)).toMatchObject({ state: 'open', offset: 5 });
      await context.uploads.append(id, { offset: 5, body: bodyOf('world') });
      expect(await context.contentOf({ id })).toBe('helloworld');
    });

    it('CORE-18 to a complete upload is refused', async () => {
      const { id } = await context.uploads.create({ length: 5, body: bodyOf('hello') });
      const append = (offset: number, content: string) =>
        context.uploads.append(id, { offset, body: bodyOf(content) });
      await expect(append(0, 'hello')).rejects.toThrow(OffsetConflictError);
      await expect(append(5, 'x')).rejects.toThrow(BodyTooLongError);
      expect(await context.contentOf({ id })).toBe('hello');
    });

    it('CON-16 to a final is refused', async () => {
      const final = await context.uploads.concatenate({ partialIds: await context.partials('hello') });
      const refused = context.uploads.append(final.id, { offset: 5, body: bodyOf('x') });
      await expect(refused).rejects.toThrow(FinalNotWritableError);
      expect(await context.contentOf(final)).toBe('hello');
    });

    it('CORE-13 to what is not there is refused', async () => {
      await expect(context.uploads.append('none', { offset: 0, body: bodyOf('x') })).rejects.toThrow(
        UploadNotFoundError,
      );
    });

    it('CORE-19 a newer append stops the one that runs, with all that had come', async () => {
      const { id } = await context.uploads.create({ length: 10 });
      const source = new PassThrough();
      let running: Promise<unknown> = Promise.resolve();
      await new Promise<void>((resolve) => {
        running = context.uploads
          .append(id, { offset: 0, body: source, onBodyWanted: resolve })
          .catch((error: unknown) => error);
      });
      source.write('hello');
      const newer = context.uploads.append(id, { offset: 5, body: bodyOf('world') });
      expect(await newer).toMatchObject({ state: 'complete' });
      expect(await running).toBeInstanceOf(UploadLockedError);
      expect(await context.contentOf({ id })).toBe('helloworld');
    });
  });

  describe('find and get', () => {
    it('tell of every upload that clients may see', async () => {
      const created = await context.uploads.create({ length: 5 });
      expect(await context.uploads.find(created.id)).toEqual(created);
      expect(await context.uploads.get(created.id)).toEqual(created);
    });

    it('CORE-06 know nothing of an upload that never was, or was deleted', async () => {
      const { id } = await context.uploads.create({ length: 5 });
      await context.uploads.terminate(id);
      for (const gone of [id, 'none']) {
        expect(await context.uploads.find(gone)).toBeUndefined();
        await expect(context.uploads.get(gone)).rejects.toThrow(UploadNotFoundError);
      }
    });

    it('CORE-06 tell that an upload can never be completed', async () => {
      const { id } = await context.uploads.create({ length: 5 });
      const row = await context.rows.take(id, 'test', { states: ['open'] });
      await context.rows.write(id, row?.epoch ?? 0, { state: 'failed', ending: 'failed' }, true);
      expect(await context.uploads.find(id)).toBeUndefined();
      await expect(context.uploads.get(id)).rejects.toThrow(UploadGoneError);
    });
  });

  describe('list', () => {
    it('goes through all uploads in the order of their ids, page by page', async () => {
      const ids: string[] = [];
      for (let n = 0; n < 7; n++) ids.push((await context.uploads.create({ length: 1 })).id);
      const seen: string[] = [];
      for (let after: string | undefined; ; after = seen.at(-1)) {
        const page = await context.uploads.list({ limit: 3, ...(after !== undefined && { after }) });
        seen.push(...page.map(({ id }) => id));
        if (page.length < 3) break;
      }
      expect(seen).toEqual(ids.toSorted());
    });

    it('fills its pages although deleted uploads stand between the others', async () => {
      const ids: string[] = [];
      for (let n = 0; n < 6; n++) ids.push((await context.uploads.create({ length: 1 })).id);
      const [first = '', second = '', third = '', ...rest] = ids.toSorted();
      for (const id of [first, second, third]) await context.uploads.terminate(id);
      expect((await context.uploads.list({ limit: 2 })).map(({ id }) => id)).toEqual(rest.slice(0, 2));
      expect((await context.uploads.list()).map(({ id }) => id)).toEqual(rest);
    });

    it('chooses by kind and by state', async () => {
      const { id: open } = await context.uploads.create({ length: 1 });
      const { id: done } = await context.uploads.create({ length: 0 });
      const { id: partial } = await context.uploads.create({ length: 0, partial: true });
      const { id: final } = await context.uploads.concatenate({ partialIds: [partial] });
      const listed = async (filter: Parameters<typeof context.uploads.list>[0]) =>
        (await context.uploads.list(filter)).map(({ id }) => id);
      expect(await listed({ kind: 'partial' })).toEqual([partial]);
      expect(await listed({ kind: 'final' })).toEqual([final]);
      expect(await listed({ kind: 'single' })).toEqual([open, done].toSorted());
      expect(await listed({ kind: 'single', states: ['open'] })).toEqual([open]);
      expect(await listed({ states: ['complete'] })).toEqual([done, partial, final].toSorted());
      expect(await listed({ states: [] })).toEqual([]);
    });
  });

  describe('read', () => {
    it.each([
      [undefined, '0123456789'],
      [{ start: 0, end: 9 }, '0123456789'],
      [{ start: 3, end: 5 }, '345'],
      [{ start: 9, end: 9 }, '9'],
      [{ start: 7, end: 100 }, '789'],
      [{ start: 10, end: 12 }, ''],
    ])('gives the bytes of the range %p', async (range, content) => {
      const upload = await context.uploads.create({ length: 10, body: bodyOf('0123456789') });
      expect(await context.contentOf(upload, range)).toBe(content);
    });

    it('never gives a prefix away', async () => {
      const id = await begun('hello', 10);
      await expect(context.uploads.read(id)).rejects.toThrow(UploadNotFoundError);
      await expect(context.uploads.read('none')).rejects.toThrow(UploadNotFoundError);
    });

    it('gives nothing where somebody has removed the object', async () => {
      const { id, key } = await context.uploads.create({ length: 5, body: bodyOf('hello') });
      await rm(join(context.directory, key ?? ''));
      await expect(context.uploads.read(id)).rejects.toThrow(UploadNotFoundError);
    });
  });

  describe('terminate', () => {
    it('TER-01 frees an upload that is not complete', async () => {
      const id = await begun('hello', 10);
      await context.uploads.terminate(id);
      unfinished = [];
      expect(await context.uploads.find(id)).toBeUndefined();
    });

    it('TER-01 removes a complete upload with its object', async () => {
      const { id } = await context.uploads.create({ length: 5, body: bodyOf('hello') });
      await context.uploads.terminate(id);
      await expect(context.uploads.read(id)).rejects.toThrow(UploadNotFoundError);
      const { directory } = context;
      await context.leave();
      context = await UploadsContext.start({ directory });
      expect(await context.objects()).toEqual([]);
    });

    it('TER-03 of two at once one finds nothing', async () => {
      const { id } = await context.uploads.create({ length: 5 });
      const outcomes = await Promise.allSettled([
        context.uploads.terminate(id),
        context.uploads.terminate(id),
      ]);
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      await expect(context.uploads.terminate(id)).rejects.toThrow(UploadNotFoundError);
    });

    it('TER-04 stops a running append, which then finds nothing', async () => {
      const { id } = await context.uploads.create({ length: 10 });
      const source = new PassThrough();
      let running: Promise<unknown> = Promise.resolve();
      await new Promise<void>((resolve) => {
        running = context.uploads
          .append(id, { offset: 0, body: source, onBodyWanted: resolve })
          .catch((error: unknown) => error);
      });
      source.write('hello');
      await context.uploads.terminate(id);
      expect(await running).toBeInstanceOf(UploadNotFoundError);
    });

    it('CON-28 of a partial leaves the final that was made of it', async () => {
      const partialIds = await context.partials('he', 'llo');
      const final = await context.uploads.concatenate({ partialIds });
      for (const id of partialIds) await context.uploads.terminate(id);
      expect(await context.contentOf(final)).toBe('hello');
    });
  });
});
