import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { firstValueFrom } from 'rxjs';
import type { Upload } from '../../src/index.js';
import { bodyOf, UploadsContext } from './uploads-context.js';

describe('a final that waits for partials (concatenation-unfinished)', () => {
  let context: UploadsContext;

  beforeEach(async () => {
    context = await UploadsContext.start();
  });
  afterEach(() => context.stop());

  const unfinished = async () => (await context.uploads.create({ length: 5, partial: true })).id;
  const fill = (id: string): Promise<Upload> =>
    context.uploads.append(id, { offset: 0, body: bodyOf('hello'), contentLength: 5 });
  const concatenate = (partialIds: readonly string[]): Promise<Upload> =>
    context.uploads.concatenate({ partialIds, metadata: null });

  /** Holds up whoever reads the list of a final next, once it is read, until `open` is called. */
  function holdNextReader(): { readonly read: Promise<void>; open(): void } {
    const { rows } = context;
    const partialsOf = rows.partialsOf.bind(rows);
    let tell = (): void => undefined;
    let open = (): void => undefined;
    const read = new Promise<void>((resolve) => (tell = resolve));
    const opened = new Promise<void>((resolve) => (open = resolve));
    rows.partialsOf = async (id) => {
      rows.partialsOf = partialsOf;
      const list = await partialsOf(id);
      tell();
      await opened;
      return list;
    };
    return { read, open };
  }

  it('CON-24 is merged by the last partial although the one before it still judges what it read', async () => {
    const ids = [await unfinished(), await unfinished()];
    const final = await concatenate(ids);
    expect(final).toMatchObject({ state: 'pending', length: 10, offset: 0 });
    const completed = firstValueFrom(context.completed$);
    const slow = holdNextReader();
    await fill(ids[0] ?? '');
    await slow.read;
    await fill(ids[1] ?? '');
    expect(await completed).toMatchObject({ id: final.id, state: 'complete' });
    slow.open();
    expect(await context.contentOf(final)).toBe('hellohello');
  });

  it('CON-24 is merged once, although two saw it complete', async () => {
    const ids = [await unfinished(), await unfinished()];
    const final = await concatenate(ids);
    await fill(ids[0] ?? '');
    const completed = firstValueFrom(context.completed$);
    const slow = holdNextReader();
    await fill(ids[1] ?? '');
    await slow.read;
    await context.maintain();
    await completed;
    slow.open();
    expect(await context.contentOf(final)).toBe('hellohello');
    expect(context.completed).toHaveLength(1);
  });

  it('CON-20 CON-30 is found with the length that is known by then', async () => {
    const { id } = await context.uploads.create({ length: null, partial: true });
    const final = await concatenate([id, id]);
    expect(await context.uploads.get(final.id)).toMatchObject({ state: 'pending', length: null });
    await context.uploads.append(id, { offset: 0, body: bodyOf('he'), contentLength: 2, length: 5 });
    expect(await context.uploads.get(final.id)).toMatchObject({ state: 'pending', length: 10 });
    expect((await concatenate([id, id])).id).toBe(final.id);
    const completed = firstValueFrom(context.completed$);
    await context.uploads.append(id, { offset: 2, body: bodyOf('llo'), contentLength: 3 });
    expect(await completed).toMatchObject({ id: final.id, length: 10 });
  });
});
