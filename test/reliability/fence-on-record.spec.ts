import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { UploadLockedError } from '../../src/index.js';
import { nodeFileCalls } from '../../src/storage/local/file-calls.js';
import { Engine } from './engine.js';
import { DATABASE_AWAY, failingOnce, gate } from './faults.js';

const MIB = 1024 * 1024;
const block = (letter: string): Buffer => Buffer.alloc(MIB, letter);

describe('a successor whose new place could not be put on record', () => {
  it('leaves the fence standing: the silent writer before it changes no acknowledged byte', async () => {
    const [paused, goOn] = [gate(), gate()];
    let written = 0;
    const silent = await Engine.start({
      calls: {
        writev: async (...input) => {
          if (written++ === 1) {
            paused.open();
            await goOn.opened;
          }
          const count = await nodeFileCalls.writev(...input);
          if (written === 1) await silent.locker.beat();
          return count;
        },
      },
    });
    const { id } = await silent.uploads.create({ length: 3 * MIB });
    const body = new PassThrough();
    body.write(block('A'));
    body.write(block('x'));
    const stale = silent.uploads.append(id, { offset: 0, body, contentLength: 3 * MIB });
    const outcome = stale.catch((error: unknown) => error);
    await paused.opened;
    await silent.locker.beat();
    // The whole process stands now, and its lease runs out.
    silent.rows.renew = () => new Promise(() => undefined);
    expect((await silent.row(id)).offset).toBe(MIB);
    await silent.lapse(id);

    const successor = await Engine.start({ directory: silent.directory });
    successor.rows.write = failingOnce(
      DATABASE_AWAY,
      (_id, _epoch, change) => change.reference !== undefined,
    );
    // A file system's fault or a database's: which one the client sees is not what matters here.
    await expect(successor.append(id, MIB, block('B'))).rejects.toThrow();
    expect(await successor.row(id)).toMatchObject({ offset: MIB, reference: null, leaseHolder: null });
    expect(await successor.append(id, MIB, block('B'))).toMatchObject({ offset: 2 * MIB });

    goOn.open();
    body.destroy();
    expect(await outcome).toBeInstanceOf(UploadLockedError);
    expect(await successor.append(id, 2 * MIB, block('C'))).toMatchObject({ state: 'complete' });
    const stored = await readFile(join(silent.directory, id));
    expect(stored.equals(Buffer.concat([block('A'), block('B'), block('C')]))).toBe(true);
    await successor.leave();
    await silent.stop();
  });
});
