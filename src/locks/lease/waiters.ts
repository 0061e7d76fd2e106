/** Requests of this process that wait for an upload to become free. */
export class Waiters {
  private readonly waiting = new Map<string, Set<() => void>>();

  /** Resolves when the upload is woken, or after this time. */
  async wait(id: string, milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const set = this.waiting.get(id) ?? new Set();
      this.waiting.set(id, set);
      const wake = () => {
        clearTimeout(timer);
        set.delete(wake);
        if (set.size === 0 && this.waiting.get(id) === set) this.waiting.delete(id);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      set.add(wake);
    });
  }

  wake(id: string): void {
    for (const wake of [...(this.waiting.get(id) ?? [])]) wake();
  }
}
