import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CompletionRelay } from '../../../src/events/relay/completion-relay.js';
import { sqlite } from '../../support/rows.js';
import { bodyOf, Engine } from '../engine.js';
import { findings, metadataFor, sha256 } from './checker.js';

describe('the checker of the torture suite', () => {
  let engine: Engine;
  let id: string;

  beforeEach(async () => {
    engine = await Engine.start({ hook: async () => undefined });
    const metadata = metadataFor('hello');
    ({ id } = await engine.uploads.create({ length: 5, metadata, body: bodyOf('hello'), contentLength: 5 }));
    await engine.idle();
    await engine.get(CompletionRelay).idle();
  });
  afterEach(() => engine.stop());

  function found({ announced = [id], complete = [id], ended = [] as string[] } = {}): Promise<string[]> {
    const contents = new Map([['hello', sha256(Buffer.from('hello'))]]);
    return findings({ directory: engine.directory, contents, announced, complete, ended });
  }

  const change = (set: string) => sqlite(engine.directory, `UPDATE tus_upload SET ${set}`);

  it('finds nothing where all is well', async () => {
    expect(await found()).toEqual([]);
  });

  it.each([
    ['a wrong byte', () => writeFile(join(engine.directory, id), 'hellO'), 'are not what was sent'],
    ['a stray object', () => writeFile(join(engine.directory, 'stray'), ''), 'that no row knows'],
    ['a working file', () => writeFile(join(engine.workFolder, 'left'), ''), 'a working file is left'],
    ['a pin', () => change('pins = 1'), 'has 1 pins'],
    ['a lease', () => change(`lease_holder = 'x'`), 'has a lease'],
    ['an event', () => change(`delivery = 'pending'`), 'was not delivered'],
    ['bytes that wait', () => change(`content = 'releasing'`), 'were not freed'],
    ['an open upload', () => change(`state = 'open'`), 'has not come to its end'],
  ] as const)('finds %s', async (_what, plant, said) => {
    await plant();
    expect((await found()).join()).toContain(said);
  });

  it('finds an event that was never delivered, one too many, and ends that did not come', async () => {
    expect(await found({ announced: [] })).toEqual([`${id} was not announced`]);
    expect((await found({ announced: [id, 'partial'] })).join()).toContain('should not have been');
    expect(await found({ complete: [id, 'other'] })).toEqual(['other is not complete']);
    expect(await found({ ended: [id] })).toEqual([`${id} is not gone`]);
  });
});
