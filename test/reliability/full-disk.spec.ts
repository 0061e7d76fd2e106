import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StorageFullError, StorageUnavailableError } from '../../src/index.js';
import { bodyOf, Engine } from './engine.js';
import { failingOnce } from './faults.js';

describe('a database on a full disk', () => {
  let engine: Engine;

  beforeEach(async () => {
    engine = await Engine.start();
  });
  afterEach(() => engine.stop());

  const pages = (count: number) =>
    engine.connection.dataSource.query<unknown>(`PRAGMA max_page_count = ${count}`);
  const metadata = `name ${'A'.repeat(50_000)}`;

  it('refuses a creation with 507, whose retry goes through once there is room', async () => {
    const id = await engine.begun('he', 5);
    await pages(1);
    const body = { body: bodyOf('hello'), contentLength: 5 };
    const refused = engine.uploads.create({ length: 5, metadata, ...body });
    await expect(refused).rejects.toMatchObject({ constructor: StorageFullError, status: 507 });
    expect(await engine.uploads.list()).toMatchObject([{ id, offset: 2 }]);
    expect(await engine.workingFiles()).toEqual([id]);
    await pages(1_000_000);
    expect(await engine.uploads.create({ length: 5, metadata })).toMatchObject({ state: 'open' });
  });

  it('gives up its ballast, and has it again in the next application', async () => {
    const ballast = join(engine.directory, '.tus', 'uploads.sqlite-ballast');
    expect(existsSync(ballast)).toBe(true);
    await pages(1);
    await expect(engine.uploads.create({ length: 5, metadata })).rejects.toThrow(StorageFullError);
    expect(existsSync(ballast)).toBe(false);
    await engine.leave();
    const next = await Engine.start({ directory: engine.directory });
    expect(existsSync(ballast)).toBe(true);
    await next.leave();
  });

  it('CORE-23 refuses a PATCH with 507 in whichever statement it shows, and the upload goes on', async () => {
    const id = await engine.begun('he', 10);
    engine.rows.take = failingOnce(new StorageFullError());
    await expect(engine.append(id, 2, 'l')).rejects.toThrow(StorageFullError);
    engine.rows.write = failingOnce(new StorageFullError());
    await expect(engine.append(id, 2, 'l')).rejects.toThrow(StorageFullError);
    // The statement that gives the lease back has failed: the lease runs out.
    await engine.lapse(id);
    engine.rows.write = failingOnce(new StorageFullError(), (_id, _epoch, change) => 'reference' in change);
    await expect(engine.append(id, 2, 'l')).rejects.toThrow(StorageFullError);
    expect(await engine.append(id, 2, 'lo world')).toMatchObject({ state: 'complete' });
  });

  it('refuses a final with 507 also at its very end, and leaves the partials as they were', async () => {
    const partialIds = [await engine.partial('one,'), await engine.partial('two')];
    engine.rows.completeFinal = failingOnce(new StorageFullError());
    await expect(engine.uploads.concatenate({ partialIds })).rejects.toThrow(StorageFullError);
    await engine.idle();
    for (const id of partialIds) expect(await engine.row(id)).toMatchObject({ pins: 0, content: 'stored' });
    const final = await engine.uploads.concatenate({ partialIds });
    expect(await engine.object(final.id)).toBe('one,two');
  });
});

describe('a working folder that is away for a moment', () => {
  let engine: Engine;

  beforeEach(async () => {
    engine = await Engine.start();
  });
  afterEach(() => engine.stop());

  const away = () => rename(engine.workFolder, `${engine.workFolder}-away`);
  const back = () => rename(`${engine.workFolder}-away`, engine.workFolder);

  it('CORE-23 answers 503, keeps the offsets, and every upload goes on when it is back', async () => {
    const [fresh, begun, last] = [
      await engine.begun('', 5),
      await engine.begun('he', 5),
      await engine.begun('hell', 5),
    ];
    await away();
    await expect(engine.append(fresh, 0, 'hello')).rejects.toThrow(StorageUnavailableError);
    await expect(engine.append(begun, 2, 'l')).rejects.toThrow(StorageUnavailableError);
    await expect(engine.append(last, 4, 'o')).rejects.toThrow(StorageUnavailableError);
    await expect(engine.uploads.create({ length: 5, body: bodyOf('he') })).rejects.toThrow(
      StorageUnavailableError,
    );
    const offsets = await Promise.all([fresh, begun, last].map((id) => engine.uploads.get(id)));
    expect(offsets.map(({ state, offset }) => [state, offset])).toEqual([
      ['open', 0],
      ['open', 2],
      ['open', 4],
    ]);
    await back();
    await engine.append(fresh, 0, 'hello');
    await engine.append(begun, 2, 'llo');
    await engine.append(last, 4, 'o');
    for (const id of [fresh, begun, last]) expect(await engine.object(id)).toBe('hello');
  });

  it('CON-31 undoes a merge, whose retry succeeds when it is back', async () => {
    const partialIds = [await engine.partial('one,'), await engine.partial('two')];
    await away();
    await expect(engine.uploads.concatenate({ partialIds })).rejects.toThrow(StorageUnavailableError);
    await engine.idle();
    await back();
    const final = await engine.uploads.concatenate({ partialIds });
    expect(await engine.object(final.id)).toBe('one,two');
  });

  it('TER-06 frees a deleted upload when it is back', async () => {
    const id = await engine.begun('he', 5);
    await away();
    await engine.uploads.terminate(id);
    await engine.idle();
    expect(await engine.row(id)).toMatchObject({ state: 'terminating' });
    await back();
    await engine.maintain();
    expect(await engine.row(id)).toMatchObject({ state: 'gone' });
    expect(await engine.workingFiles()).toEqual([]);
  });
});
