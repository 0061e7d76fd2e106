import type { UploadProgress } from '../options.js';

const INTERVAL = 100;
const WINDOW = 5000;

interface Part {
  readonly total: number | null;
  /** What was there before this call; undefined until it is known. */
  before: number | undefined;
  sent: number;
}

/** Adds up the progress of all parts, and tells of it ten times a second at most. */
export class ProgressMeter {
  private readonly parts: Part[];
  private readonly samples: { readonly at: number; readonly moved: number }[] = [];
  private told = -Infinity;

  /** @param now milliseconds of a clock that never goes back. */
  constructor(
    totals: readonly (number | null)[],
    private readonly tell: (progress: UploadProgress) => void,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.parts = totals.map((total) => ({ total, before: undefined, sent: 0 }));
  }

  /** So much of a part is at the server, or on its way there. */
  report(index: number, sent: number): void {
    const part = this.parts[index];
    if (!part) return;
    part.before ??= sent;
    part.sent = sent;
    const now = this.now();
    if (now - this.told < INTERVAL) return;
    this.told = now;
    this.tell(this.progress(now));
  }

  /** Tells of the end, however short after the last report. */
  finish(): void {
    this.tell(this.progress(this.now()));
  }

  private progress(now: number): UploadProgress {
    const sent = sum(this.parts.map((part) => part.sent));
    const total = this.parts.some((part) => part.total === null)
      ? null
      : sum(this.parts.map((part) => part.total ?? 0));
    const rate = this.rate(now);
    return {
      sent,
      total,
      rate,
      secondsLeft: total === null || rate === 0 ? null : Math.max(0, total - sent) / rate,
      parts: this.parts.map((part) => ({ sent: part.sent, total: part.total })),
    };
  }

  /** Bytes per second over the last seconds; what an earlier call has sent does not count. */
  private rate(now: number): number {
    this.samples.push({ at: now, moved: sum(this.parts.map(({ before, sent }) => sent - (before ?? sent))) });
    while (this.samples.length > 2 && now - (this.samples[1]?.at ?? now) > WINDOW) this.samples.shift();
    const [oldest, newest] = [this.samples[0], this.samples.at(-1)];
    if (!oldest || !newest || newest.at === oldest.at) return 0;
    return Math.max(0, ((newest.moved - oldest.moved) * 1000) / (newest.at - oldest.at));
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
