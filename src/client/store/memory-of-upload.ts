import { createHash, randomUUID } from 'node:crypto';
import type { UploadRecord, UrlStore } from './url-store.js';

type Draft = Omit<UploadRecord, 'id' | 'createdAt'>;

/** Which file is to be uploaded, as the key by which it is found again, whatever it has become. */
export function fingerprintOf(kind: 'file' | 'partial', endpoint: string, path: string): string {
  return createHash('sha256')
    .update(JSON.stringify([kind, endpoint, path]))
    .digest('hex')
    .slice(0, 40);
}

/** The records that a file of this version can be resumed with. */
export function newestFirst(records: readonly UploadRecord[], version: string): UploadRecord[] {
  const fitting = records.filter((record) => record.version === version);
  return fitting.toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt));
}

/**
 * The record of one upload that runs. A store that fails costs the ability to resume, never the upload: it is told
 * once, and used no more but to forget what it may have.
 */
export class MemoryOfUpload {
  private record: UploadRecord;
  private broken = false;
  private saved: boolean;
  /** Whether the store may have the record; one that failed may have kept it all the same. */
  private known: boolean;
  private lastWrite: Promise<void> = Promise.resolve();
  /** The write that has not begun yet: it takes along whatever is recorded until then. */
  private nextSave: Promise<void> | undefined;
  /** Records of the file as it was before, which nobody can take up any more. */
  private outdated: readonly UploadRecord[];
  /** True if an earlier upload is taken up. */
  readonly resumed: boolean;

  private constructor(
    private readonly store: UrlStore | undefined,
    private readonly onProblem: (error: unknown) => void,
    found: { draft: Draft; previous: UploadRecord | undefined; outdated: readonly UploadRecord[] },
  ) {
    const { draft, previous } = found;
    this.outdated = found.outdated;
    this.resumed = this.saved = this.known = previous !== undefined;
    this.record = previous ?? { ...draft, id: randomUUID(), createdAt: new Date().toISOString() };
  }

  /** Takes up the newest record of the file as it is, or begins one. */
  static async begin(
    store: UrlStore | undefined,
    draft: Draft,
    onProblem: (error: unknown) => void,
  ): Promise<MemoryOfUpload> {
    try {
      const found = (await store?.find(draft.fingerprint)) ?? [];
      const [previous] = newestFirst(found, draft.version);
      const outdated = found.filter(({ version }) => version !== draft.version);
      return new MemoryOfUpload(store, onProblem, { draft, previous, outdated });
    } catch (error) {
      onProblem(error);
      return new MemoryOfUpload(undefined, onProblem, { draft, previous: undefined, outdated: [] });
    }
  }

  get urls(): readonly (string | null)[] {
    return this.record.urls;
  }

  /** What the upload began with: the options of a later call do not change it. */
  get metadata(): Readonly<Record<string, string>> {
    return this.record.metadata;
  }

  /** True while another process could go on with this upload. */
  get resumable(): boolean {
    return this.saved && !this.broken;
  }

  /** Records where a range is uploaded; resolves when that would survive a crash. */
  async remember(index: number, url: string): Promise<void> {
    if (this.record.urls[index] === url) return;
    this.record = { ...this.record, urls: this.record.urls.with(index, url) };
    this.nextSave ??= this.write(async (store) => {
      this.nextSave = undefined;
      if (this.broken) return;
      this.known = true;
      await store.save(this.record);
      this.saved = true;
      await this.removeOutdated(store);
    });
    await this.nextSave;
  }

  async forget(): Promise<void> {
    await this.write(async (store) => {
      if (this.known) await store.remove(this.record);
      this.saved = this.known = false;
      await this.removeOutdated(store);
    });
  }

  /** One after the other, so that an older list of URLs never replaces a newer one. */
  private async write(step: (store: UrlStore) => Promise<void>): Promise<void> {
    const { store } = this;
    if (!store) return;
    this.lastWrite = this.lastWrite.then(async () => {
      try {
        await step(store);
      } catch (error) {
        const told = this.broken;
        this.broken = true;
        if (!told) this.onProblem(error);
      }
    });
    await this.lastWrite;
  }

  /** What stays is tried again with the next write, or goes with the next upload of the file: nobody takes it up. */
  private async removeOutdated(store: UrlStore): Promise<void> {
    const left: UploadRecord[] = [];
    for (const record of this.outdated) {
      try {
        await store.remove(record);
      } catch {
        left.push(record);
      }
    }
    this.outdated = left;
  }

  /** Resolves when nothing is being written any more. */
  async settled(): Promise<void> {
    await this.lastWrite;
  }
}
