import type { UploadRecord } from '../repository/upload-record.js';

export interface ProgressThrottleDeps {
  /** Milliseconds between two reports of one upload at least; 0 reports all. */
  readonly interval: number;
  readonly report: (record: UploadRecord) => void;
  /** Monotonic milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
}

interface Entry {
  at: number;
  offset: number;
  /** Not told of yet. */
  latest?: UploadRecord | undefined;
}

/**
 * Reports how far uploads are, each not too often, and the last offset always. One timer for all of them, which runs
 * only while bytes come.
 */
export class ProgressThrottle {
  private readonly entries = new Map<string, Entry>();
  private readonly now: () => number;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly deps: ProgressThrottleDeps) {
    this.now = deps.now ?? (() => performance.now());
  }

  /** The upload stands at the offset of this record. */
  advance(record: UploadRecord): void {
    const entry = this.entries.get(record.id);
    if (entry && this.now() - entry.at < this.deps.interval) entry.latest = record;
    else this.tell(record, entry);
  }

  /** The upload takes no more bytes; this is where it stands, unless nobody has to be told. */
  end(id: string, record?: UploadRecord): void {
    const entry = this.entries.get(id);
    this.entries.delete(id);
    if (record && entry?.offset !== record.offset) this.deps.report(record);
    if (this.entries.size === 0) this.stop();
  }

  /** Reports what is held back. */
  close(): void {
    for (const [id, { latest }] of this.entries) this.end(id, latest);
  }

  private tell(record: UploadRecord, entry: Entry | undefined): void {
    this.entries.set(record.id, { at: this.now(), offset: record.offset });
    this.timer ??= setTimeout(() => this.round(), this.deps.interval).unref();
    if (entry?.offset !== record.offset) this.deps.report(record);
  }

  /** What was held back for long enough is told; what has not moved since is forgotten. */
  private round(): void {
    this.stop();
    for (const [id, entry] of this.entries) {
      if (this.now() - entry.at < this.deps.interval) continue;
      if (entry.latest) this.tell(entry.latest, entry);
      else this.entries.delete(id);
    }
    if (this.entries.size > 0) this.timer ??= setTimeout(() => this.round(), this.deps.interval).unref();
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
