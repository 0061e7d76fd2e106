import type { Upload } from '../model/upload.js';

/** Calls for one upload one after the other: what came while one ran is the next one, without those in between. */
export class ProgressCalls {
  private readonly running = new Map<string, { next: Upload | undefined }>();

  /** Never rejects if `call` does not. Resolves when nothing is left to call for the upload. */
  async run(upload: Upload, call: (upload: Upload) => Promise<void>): Promise<void> {
    const running = this.running.get(upload.id);
    if (running) {
      running.next = upload;
      return;
    }
    const own: { next: Upload | undefined } = { next: upload };
    this.running.set(upload.id, own);
    for (let next = own.next; next; next = own.next) {
      own.next = undefined;
      await call(next);
    }
    this.running.delete(upload.id);
  }
}
