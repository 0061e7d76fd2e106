import { FileUrlStorage, type PreviousUpload, type UrlStorage } from 'tus-js-client';

/**
 * Remembers unfinished uploads in a file. A file that cannot be read or written costs the ability to resume, never
 * the upload: tus-js-client would end the process instead.
 */
export class ResumeStore implements UrlStorage {
  private readonly file: FileUrlStorage;
  private readonly writes = new Set<Promise<unknown>>();
  private remembered = 0;

  constructor(
    path: string,
    private readonly onProblem: (error: unknown) => void,
  ) {
    this.file = new FileUrlStorage(path);
  }

  /** True while an upload of this process could be resumed by the next one. */
  get remembers(): boolean {
    return this.remembered > 0;
  }

  /** The newest upload with this fingerprint; undefined if there is none. */
  async newest(fingerprint: string): Promise<PreviousUpload | undefined> {
    const found = (await this.findUploadsByFingerprint(fingerprint)).filter(isResumable);
    const newest = found.toSorted((a, b) => Date.parse(a.creationTime) - Date.parse(b.creationTime)).at(-1);
    if (newest) this.remembered++;
    return newest;
  }

  async findAllUploads(): Promise<PreviousUpload[]> {
    return this.attempt(this.file.findAllUploads(), []);
  }

  async findUploadsByFingerprint(fingerprint: string): Promise<PreviousUpload[]> {
    const found = await this.attempt(this.file.findUploadsByFingerprint(fingerprint), []);
    // The file is searched by prefix, and one endpoint may be the beginning of another.
    return found.filter(({ urlStorageKey }) => urlStorageKey.startsWith(`tus::${fingerprint}::`));
  }

  async addUpload(fingerprint: string, upload: PreviousUpload): Promise<string> {
    const key = await this.attempt(this.file.addUpload(fingerprint, upload), '');
    if (key) this.remembered++;
    return key;
  }

  async removeUpload(urlStorageKey: string): Promise<void> {
    this.remembered = Math.max(0, this.remembered - 1);
    await this.attempt(this.file.removeUpload(urlStorageKey), undefined);
  }

  /** Resolves when everything that was asked for is written; tus-js-client does not wait for its last removal. */
  async settled(): Promise<void> {
    await Promise.all(this.writes);
  }

  private attempt<T>(work: Promise<T>, otherwise: T): Promise<T> {
    const attempt = work.catch((error: unknown) => {
      this.onProblem(error);
      return otherwise;
    });
    this.writes.add(attempt);
    void attempt.finally(() => this.writes.delete(attempt));
    return attempt;
  }
}

function isResumable({ uploadUrl, parallelUploadUrls }: PreviousUpload): boolean {
  return parallelUploadUrls ? parallelUploadUrls.every(Boolean) : Boolean(uploadUrl);
}
