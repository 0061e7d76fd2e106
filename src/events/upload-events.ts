import { Subject } from 'rxjs';
import type { Observable } from 'rxjs';
import type { CompletedUpload } from '../model/upload.js';

/**
 * What happens to uploads in this process, as it happens: hot, without replay, best effort. For work that must not be
 * lost implement `OnUploadComplete`.
 */
export class UploadEvents {
  private readonly completed = new Subject<CompletedUpload>();

  /** Uploads and finals that are complete. Never partials. */
  readonly completed$: Observable<CompletedUpload> = this.completed.asObservable();

  /** @internal */
  announceCompleted(upload: CompletedUpload): void {
    this.completed.next(upload);
  }

  /** @internal Ends the streams. */
  close(): void {
    this.completed.complete();
  }
}
