import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { content } from '../support/content.js';

export const MIB = 2 ** 20;

/** The folder of a client, with the files that it uploads. */
export class ClientFolder {
  private constructor(readonly path: string) {}

  static async make(): Promise<ClientFolder> {
    return new ClientFolder(await mkdtemp(join(tmpdir(), 'tus-client-')));
  }

  async file(size: number, name = 'file.bin', seed = 1): Promise<{ path: string; bytes: Buffer }> {
    const [path, bytes] = [this.at(name), content(size, seed)];
    await writeFile(path, bytes);
    return { path, bytes };
  }

  at(name: string): string {
    return join(this.path, name);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** What a promise is rejected with. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  const [outcome] = await Promise.allSettled([promise]);
  if (outcome.status === 'fulfilled') throw new Error('it did not fail');
  return outcome.reason as Error;
}
