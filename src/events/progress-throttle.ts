import type { UploadRecord } from '../repository/upload-record.js';

/** How often at most what is held back is looked at. */
const ROUND_MILLISECONDS = 50;
/** An upload that has not moved for so long is forgotten. */
const FORGET_MILLISECONDS = 60_000;

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
 * only while bytes come, or something is held back.
 */
export class ProgressThrottle {
  private readonly entries = new Map<string, Entry>();
  private readonly now: () => number;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly deps: ProgressThrottleDeps) {
    this.now = deps.now ?? (() => performance.now());
  }

  /** The upload stands at the offset of this record. */
  advance(record: UploadRecord): void {
    const entry = this.entries.get(record.id);
    if (entry && !this.closed && this.now() - entry.at < this.deps.interval) entry.latest = record;
    else this.tell(record, entry);
  }

  /** The upload takes no more bytes; this is where it stands, unless nobody has to be told. */
  end(id: string, record?: UploadRecord): void {
    const entry = this.entries.get(id);
    this.entries.delete(id);
    if (record && entry?.offset !== record.offset) this.deps.report(record);
    if (this.entries.size === 0) this.stop();
  }

  /** Reports what is held back, and from now on holds nothing back. */
  close(): void {
    this.closed = true;
    for (const [id, { latest }] of this.entries) this.end(id, latest);
  }

  private tell(record: UploadRecord, entry: Entry | undefined): void {
    this.entries.set(record.id, { at: this.now(), offset: record.offset });
    this.schedule();
    if (entry?.offset !== record.offset) this.deps.report(record);
  }

  private round(): void {
    this.stop();
    let held = false;
    for (const [id, entry] of this.entries) {
      const waited = this.now() - entry.at;
      if (entry.latest && waited >= this.deps.interval) this.tell(entry.latest, entry);
      else if (entry.latest) held = true;
      else if (waited >= Math.max(FORGET_MILLISECONDS, this.deps.interval)) this.entries.delete(id);
    }
    if (held) this.schedule();
  }

  private schedule(): void {
    const delay = Math.max(this.deps.interval, ROUND_MILLISECONDS);
    this.timer ??= setTimeout(() => this.round(), delay).unref();
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
