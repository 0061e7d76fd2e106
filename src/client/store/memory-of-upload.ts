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
 * once, and not used any more.
 */
export class MemoryOfUpload {
  private record: UploadRecord;
  private broken = false;
  private saved: boolean;
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
    this.resumed = this.saved = previous !== undefined;
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
      await store.save(this.record);
      this.saved = true;
    });
    await this.nextSave;
  }

  async forget(): Promise<void> {
    await this.write(async (store) => {
      if (this.saved) await store.remove(this.record);
      this.saved = false;
    });
  }

  /** One after the other, so that an older list of URLs never replaces a newer one. */
  private async write(step: (store: UrlStore) => Promise<void>): Promise<void> {
    this.lastWrite = this.lastWrite.then(async () => {
      if (!this.store || this.broken) return;
      try {
        await step(this.store);
        for (const record of this.outdated) await this.store.remove(record);
        this.outdated = [];
      } catch (error) {
        this.broken = true;
        this.onProblem(error);
      }
    });
    await this.lastWrite;
  }

  /** Resolves when nothing is being written any more. */
  async settled(): Promise<void> {
    await this.lastWrite;
  }
}
