/** Goes off once, at the earliest of the times that it was set to. Keeps no process alive. */
export class Alarm {
  private timer: NodeJS.Timeout | undefined;
  private at = Infinity;

  constructor(private readonly ring: () => void) {}

  set(milliseconds: number): void {
    const at = performance.now() + milliseconds;
    if (at >= this.at) return;
    this.clear();
    this.at = at;
    this.timer = setTimeout(() => {
      this.clear();
      this.ring();
    }, milliseconds).unref();
  }

  /** Never goes off again. */
  stop(): void {
    this.clear();
    this.at = -Infinity;
  }

  private clear(): void {
    clearTimeout(this.timer);
    this.at = Infinity;
  }
}
