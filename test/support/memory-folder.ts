import { access, constants, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where Linux keeps files in memory. */
const MEMORY = '/dev/shm';

/** A folder of its own, in memory where there is such a place: nothing waits for a disk there. */
export async function memoryFolder(prefix: string): Promise<string> {
  const parent = await access(MEMORY, constants.W_OK).then(
    () => MEMORY,
    () => tmpdir(),
  );
  return mkdtemp(join(parent, prefix));
}
