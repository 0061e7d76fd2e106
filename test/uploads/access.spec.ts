import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Access, Operation } from '../../src/index.js';
import { isForeign, ownerOf } from '../../src/uploads/access.js';
import { newUpload } from '../repository/fixtures.js';
import { bodyOf, UploadsContext } from './uploads-context.js';

describe('the owner of an upload', () => {
  it.each([
    ['nobody, without access', undefined, null],
    ['nobody, where none is named', {}, null],
    ['nobody, for null', { owner: null }, null],
    ['one character', { owner: 'a' }, 'a'],
    ['a name of any script', { owner: 'Ånn 😀' }, 'Ånn 😀'],
    ['the longest', { owner: 'x'.repeat(1_024) }, 'x'.repeat(1_024)],
  ])('is %s', (_, access, owner) => {
    expect(ownerOf(access)).toBe(owner);
  });

  it.each(['', 'x'.repeat(1_025), 'a\0', '\udc00', 7, true, ['ann'], { id: 'ann' }, Number.NaN])(
    'is never %j',
    (owner) => {
      expect(() => ownerOf({ owner } as unknown as Access)).toThrow(TypeError);
    },
  );
});

describe('uploads on behalf of somebody', () => {
  let context: UploadsContext;
  let asked: Operation[];

  beforeEach(async () => {
    context = await UploadsContext.start();
    asked = [];
  });
  afterEach(() => context.stop());

  /** Ann, for whom everything is written down and allowed. */
  const ann: Access = { owner: 'ann', authorize: (operation) => void asked.push(operation) };
  const bob: Access = { owner: 'bob' };

  const partialOf = (access?: Access) =>
    context.uploads.create({ length: 2, partial: true, body: bodyOf('ab'), contentLength: 2, access });

  it('are whose they are told to be, and foreign to everybody else', async () => {
    const { id, owner } = await context.uploads.create({ length: 1, access: ann });
    const row = (await context.rows.find(id))!;
    expect(owner).toBe('ann');
    expect([isForeign(row, 'ann'), isForeign(row, 'Ann'), isForeign(row, null)]).toEqual([false, true, true]);
    await expect(context.uploads.get(id, bob)).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' });
    await expect(context.uploads.terminate(id, bob)).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' });
    await expect(
      context.uploads.append(id, { offset: 0, body: bodyOf('a'), access: bob }),
    ).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' });
    expect(await context.uploads.get(id, ann)).toMatchObject({ id, offset: 0 });
    await context.uploads.terminate(id, ann);
    expect(asked.map(({ operation }) => operation)).toEqual(['create', 'read', 'terminate']);
  });

  it('are open to the application itself, which says no access', async () => {
    const { id } = await partialOf(ann);
    asked.length = 0;
    const final = await context.uploads.concatenate({ partialIds: [id] });
    expect(final).toMatchObject({ state: 'complete', owner: null });
    expect(await context.uploads.get(id)).toMatchObject({ owner: 'ann' });
    await context.uploads.terminate(id);
    expect(asked).toEqual([]);
  });

  it('tell whom they belong to when they are complete', async () => {
    const { id } = await partialOf(ann);
    const final = await context.uploads.concatenate({ partialIds: [id], access: ann });
    expect(context.completed).toMatchObject([{ id: final.id, owner: 'ann' }]);
  });

  it.each([false, null, 0, '', 'yes', 1, {}])('are refused where the answer is %j', async (answer) => {
    const access = { authorize: async () => answer };
    await expect(context.uploads.create({ length: 1, access })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await context.uploads.list()).toEqual([]);
  });

  it.each([true, undefined])('are allowed where the answer is %j', async (answer) => {
    expect(
      await context.uploads.create({ length: 1, access: { authorize: async () => answer } }),
    ).toMatchObject({
      offset: 0,
    });
  });

  it('are merged a thousand at a time, each asked for once, in order', async () => {
    const ids = Array.from({ length: 1_000 }, (_, number) => `partial-${String(number).padStart(4, '0')}`);
    for (const id of ids) {
      const values = { id, key: null, kind: 'partial', length: 0, state: 'complete', owner: 'ann' } as const;
      await context.rows.insert(newUpload({ ...values, storage: 'default' }));
    }
    const final = await context.uploads.concatenate({ partialIds: ids.toReversed(), access: ann });
    expect(final).toMatchObject({ state: 'complete', length: 0, owner: 'ann' });
    expect(asked.map(({ operation, upload }) => ('id' in upload ? upload.id : operation))).toEqual([
      'create',
      ...ids.toReversed(),
    ]);
  });

  it('are not merged unasked: a partial that appears after the look at the list is missing', async () => {
    const { id } = await partialOf(ann);
    const late = { id: 'late', kind: 'partial', length: 0, state: 'complete', storage: 'default' } as const;
    const access: Access = {
      authorize: async ({ operation }) => {
        if (operation === 'create') await context.rows.insert(newUpload(late));
      },
    };
    await expect(
      context.uploads.concatenate({ partialIds: [id, 'late'], access: { ...access, owner: 'ann' } }),
    ).rejects.toMatchObject({ code: 'INVALID_PARTIAL', position: 2 });
    expect((await context.rows.find(id))?.pins).toBe(0);
    await context.uploads.terminate(id);
  });
});
