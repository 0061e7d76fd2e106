import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { unless } from './storage-failure.js';

/** File systems that cannot sync a folder, or need not, say one of these. */
const NO_FOLDER_SYNC = ['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM'];

interface Running {
  readonly first: Promise<void>;
  /** Begins when the first is through, for all who came meanwhile. */
  second?: Promise<void>;
}

/** Makes names survive a power loss. Who asks while a folder is being synced shares the next sync of it. */
export class FolderSync {
  private readonly running = new Map<string, Running>();

  /** `top` is the last folder upwards that may have been made by this storage. */
  constructor(
    private readonly top: string,
    private readonly syncOne: (folder: string) => Promise<void> = syncFolder,
  ) {}

  /** Syncs the names inside a folder, and those of the folders up to the top. */
  async sync(folder: string): Promise<void> {
    for (let current = folder; ; current = dirname(current)) {
      await unless(NO_FOLDER_SYNC, this.one(current));
      if (current === this.top || current === dirname(current)) return;
    }
  }

  private one(folder: string): Promise<void> {
    const running = this.running.get(folder);
    if (!running) return this.begin(folder);
    // A sync that has begun may have missed the name.
    return (running.second ??= running.first.then(
      () => this.begin(folder),
      () => this.begin(folder),
    ));
  }

  private begin(folder: string): Promise<void> {
    const first = this.syncOne(folder);
    const running = { first };
    this.running.set(folder, running);
    const ended = () => {
      if (this.running.get(folder) === running) this.running.delete(folder);
    };
    first.then(ended, ended);
    return first;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
