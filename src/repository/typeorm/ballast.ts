import { randomBytes } from 'node:crypto';
import { stat, unlink, writeFile } from 'node:fs/promises';

const BALLAST_BYTES = 1024 * 1024;

/** Room kept beside a database, to be given up when its disk is full, so that uploads can still be deleted there. */
export class Ballast {
  constructor(private readonly path: string) {}

  /** Takes the room, if it is not taken yet. A disk that has none to spare is no error. */
  async fill(): Promise<void> {
    const found = await stat(this.path).catch(() => undefined);
    if (found?.size === BALLAST_BYTES) return;
    // Random, because a file system may store zeros, and whatever it can compress, in less room.
    await writeFile(this.path, randomBytes(BALLAST_BYTES), { mode: 0o600 }).catch(() => this.release());
  }

  /** Gives the room up; resolves with false if there was none. */
  release(): Promise<boolean> {
    return unlink(this.path).then(
      () => true,
      () => false,
    );
  }
}
