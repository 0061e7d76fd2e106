import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NO_HOOKS } from '../../src/events/hook-lists.js';
import { UploadHooks } from '../../src/events/upload-hooks.js';
import { files } from '../../src/storage/local/files.js';
import { faultyFiles, faultyStatements } from '../support/faults/faulty-calls.mjs';
import { Steps } from '../support/faults/steps.mjs';
import { Engine } from './engine.js';

/** A body that has arrived, as that of a small request has. */
function arrived(content: string) {
  const body = new PassThrough();
  body.end(content);
  return { body, contentLength: content.length };
}

describe('what a request takes of the database and the file system', () => {
  const real = { ...files };
  let engine: Engine;
  let steps: Steps;

  beforeEach(async () => {
    engine = await Engine.start();
    steps = new Steps();
    faultyStatements([engine.connection.dataSource, engine.connection.reader], steps);
    Object.assign(
      files,
      faultyFiles({ ...real }, (path) => (path.startsWith(engine.directory) ? steps : undefined)),
    );
  });
  afterEach(async () => {
    Object.assign(files, real);
    await engine.stop();
  });

  async function taken(request: () => Promise<unknown>): Promise<string[]> {
    steps.arm(undefined);
    await request();
    await engine.idle();
    steps.disarm();
    return steps.names.map((name) => name.replace(/ tus_upload$| given AS$| id, storage,.*/, ''));
  }

  it('a creation is one statement', async () => {
    expect(await taken(() => engine.uploads.create({ length: 10 }))).toEqual(['sql INSERT INTO']);
  });

  it('HEAD is one statement', async () => {
    const { id } = await engine.uploads.create({ length: 10 });
    const statements = await taken(() => engine.uploads.get(id));
    expect(statements).toHaveLength(1);
    expect(statements[0]).toMatch(/^sql SELECT/);
  });

  it('a PATCH is two: the lease with the row, and the offset with the release', async () => {
    const { id } = await engine.uploads.create({ length: 10 });
    const append = () => engine.uploads.append(id, { offset: 0, ...arrived('hello') });
    expect(await taken(append)).toEqual(['sql WITH', 'file open', 'file writev', 'file close', 'sql WITH']);
  });

  const COMPLETED = [
    'file open',
    ...(process.platform === 'linux' ? ['file writev'] : ['file writev', 'file datasync']),
    'file close',
    'file link',
    'sql WITH',
    'file unlink',
  ];

  it('a small upload in its POST is two, and a few calls of the file system', async () => {
    const create = () => engine.uploads.create({ length: 5, ...arrived('hello') });
    expect(await taken(create)).toEqual(['sql INSERT INTO', ...COMPLETED]);
  });

  it('neither takes more for OnUploadFinish', async () => {
    const asked: string[] = [];
    const hook = { onUploadFinish: ({ id }: { id: string }) => void asked.push(id) };
    const named = { name: 'hook', hook, includePartials: false };
    engine.get(UploadHooks).use({ ...NO_HOOKS, onUploadFinish: [named] });
    const create = () => engine.uploads.create({ length: 5, ...arrived('hello') });
    expect(await taken(create)).toEqual(['sql INSERT INTO', ...COMPLETED]);
    expect(asked).toHaveLength(1);
  });

  it('a small upload in one PATCH is two as well, besides that of its creation', async () => {
    const { id } = await engine.uploads.create({ length: 5 });
    const append = () => engine.uploads.append(id, { offset: 0, ...arrived('hello') });
    expect(await taken(append)).toEqual(['sql WITH', ...COMPLETED]);
  });
});
