import type { Part } from '../../model/part.js';
import type { UploadParts } from '../upload-storage.js';

/** Puts parts on record as they come: one statement at a time, and each takes all that came meanwhile. */
export class PartRecorder {
  private waiting: Part[] = [];
  private next: Promise<void> | undefined;
  private running: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: UploadParts) {}

  /** Resolves once the part is on record. */
  add(part: Part): Promise<void> {
    this.waiting.push(part);
    if (this.next) return this.next;
    const next = this.running.then(() => this.record());
    this.running = next.catch(() => undefined);
    this.next = next;
    return next;
  }

  private async record(): Promise<void> {
    const taken = this.waiting;
    this.waiting = [];
    this.next = undefined;
    await this.parts.record(taken);
  }
}
