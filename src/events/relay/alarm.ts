/** Times within so many milliseconds of each other are one, the last of them. */
const GRAIN_MILLISECONDS = 50;
/** The longest that Node's timers wait; beyond it they fire at once. */
const LONGEST_TIMER = 2_147_483_647;

/** Goes off at each of the times that it was set to, or a moment later. Keeps no process alive. */
export class Alarm {
  /** In order, on the clock of `performance.now`. */
  private readonly times: number[] = [];
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly ring: () => void) {}

  set(milliseconds: number): void {
    if (this.stopped) return;
    const wanted = (performance.now() + milliseconds) / GRAIN_MILLISECONDS;
    const at = Math.ceil(wanted) * GRAIN_MILLISECONDS;
    const before = this.times.findLastIndex((time) => time <= at);
    if (this.times[before] === at) return;
    this.times.splice(before + 1, 0, at);
    if (before < 0) this.arm();
  }

  /** Never goes off again. */
  stop(): void {
    this.stopped = true;
    this.times.length = 0;
    this.arm();
  }

  private arm(): void {
    clearTimeout(this.timer);
    const [first] = this.times;
    if (first === undefined) return;
    const wait = Math.min(first - performance.now(), LONGEST_TIMER);
    this.timer = setTimeout(() => this.goOff(), wait).unref();
  }

  private goOff(): void {
    const now = performance.now();
    const later = this.times.findIndex((time) => time > now);
    const due = this.times.splice(0, later < 0 ? this.times.length : later);
    this.arm();
    // A timer may fire a moment too early.
    if (due.length > 0) this.ring();
  }
}
