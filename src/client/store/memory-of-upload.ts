import { createHash, randomUUID } from 'node:crypto';
import type { UploadRecord, UrlStore } from './url-store.js';

type Draft = Omit<UploadRecord, 'id' | 'createdAt'>;

/** What is to be uploaded, as the key by which it is found again. */
export function fingerprintOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40);
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
  /** True if an earlier upload is taken up. */
  readonly resumed: boolean;

  private constructor(
    private readonly store: UrlStore | undefined,
    private readonly onProblem: (error: unknown) => void,
    found: { draft: Draft; previous: UploadRecord | undefined },
  ) {
    const { draft, previous } = found;
    this.resumed = this.saved = previous !== undefined;
    this.record = previous ?? { ...draft, id: randomUUID(), createdAt: new Date().toISOString() };
  }

  /** Takes up the newest record with the fingerprint, or begins one. */
  static async begin(
    store: UrlStore | undefined,
    draft: Draft,
    onProblem: (error: unknown) => void,
  ): Promise<MemoryOfUpload> {
    try {
      const found = (await store?.find(draft.fingerprint)) ?? [];
      const previous = found.toSorted((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt)).at(-1);
      return new MemoryOfUpload(store, onProblem, { draft, previous });
    } catch (error) {
      onProblem(error);
      return new MemoryOfUpload(undefined, onProblem, { draft, previous: undefined });
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
    await this.write(async (store) => {
      await store.save(this.record);
      this.saved = true;
    });
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
