import { StorageError } from '../../model/errors/storage.error.js';
import type { Part } from '../../model/part.js';
import type { UploadParts } from '../upload-storage.js';
import type { Changes } from './changes.js';

/** A part whose number is in use. */
export interface LoggedPart {
  readonly part: Part;
  /** What the store said of it; undefined until then. */
  tag?: string;
}

interface Announcement {
  readonly part: Part;
  readonly made: () => void;
  readonly refused: (error: StorageError) => void;
}

export interface PartLogDeps {
  readonly parts: UploadParts;
  readonly changes: Changes;
  /** Whether nothing may be recorded any more. */
  readonly closed: () => boolean;
  /** Called for each part in its order, once it is on record. */
  readonly recorded: (part: Part) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Puts the parts of one append on record: in their order, a part only behind those before it. One statement runs at a
 * time, and the next one takes all that has finished meanwhile.
 */
export class PartLog {
  private readonly waiting: LoggedPart[] = [];
  private announcements: Announcement[] = [];
  private busy = false;

  constructor(private readonly deps: PartLogDeps) {}

  /** Whether a statement is under way. */
  get running(): boolean {
    return this.busy;
  }

  /** Parts that are not on record yet, or only as announced, in their order. */
  get open(): readonly Part[] {
    return this.waiting.map(({ part }) => part);
  }

  /** The place of a part that is about to be put: behind all that were added before. */
  add(part: Part): LoggedPart {
    const logged: LoggedPart = { part };
    this.waiting.push(logged);
    return logged;
  }

  stored(logged: LoggedPart, tag: string): void {
    logged.tag = tag;
    void this.run();
  }

  /** Resolves when a part that is not stored yet is on record as announced. @throws StorageError */
  announce(part: Part): Promise<void> {
    return new Promise((made, refused) => {
      this.announcements.push({ part, made, refused });
      void this.run();
    });
  }

  private async run(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.announcements.length > 0 || this.waiting[0]?.tag !== undefined) {
        if (this.deps.closed()) break;
        await this.recordNext();
      }
    } catch (error) {
      this.deps.failed(error);
    }
    this.busy = false;
    const closed = new StorageError('unavailable', 'Nothing of this append is put on record any more.');
    for (const { refused } of this.announcements.splice(0)) refused(closed);
    this.deps.changes.wake();
  }

  private async recordNext(): Promise<void> {
    const stored = this.storedPrefix();
    const announced = this.announcements;
    this.announcements = [];
    const rows = [...stored, ...announced.map(({ part }) => part)];
    try {
      await this.deps.parts.record(rows);
    } catch (error) {
      this.announcements.unshift(...announced);
      throw error;
    }
    this.waiting.splice(0, stored.length);
    for (const part of stored) this.deps.recorded(part);
    for (const { made } of announced) made();
    this.deps.changes.wake();
  }

  private storedPrefix(): Part[] {
    const stored: Part[] = [];
    for (const { part, tag } of this.waiting) {
      if (tag === undefined) break;
      stored.push({ ...part, tag });
    }
    return stored;
  }
}
