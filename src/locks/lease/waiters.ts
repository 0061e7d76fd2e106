/** What happens to one upload from now on: who looks at it first, and then waits, misses nothing in between. */
export interface Watch {
  /** Resolves when the upload is woken, at once if it was since the watch began; or after so many milliseconds. */
  wait(milliseconds: number): Promise<void>;
  /** Without effect where a wait has ended it already. */
  end(): void;
}

/** Requests of this process that wait for an upload to become free. */
export class Waiters {
  private readonly waiting = new Map<string, Set<() => void>>();

  watch(id: string): Watch {
    const set = this.waiting.get(id) ?? new Set();
    this.waiting.set(id, set);
    let timer: NodeJS.Timeout | undefined;
    let wake: (() => void) | undefined;
    const woken = new Promise<void>((resolve) => (wake = resolve));
    const end = () => {
      clearTimeout(timer);
      set.delete(end);
      if (set.size === 0 && this.waiting.get(id) === set) this.waiting.delete(id);
      wake?.();
    };
    set.add(end);
    const wait = (milliseconds: number): Promise<void> => {
      if (set.has(end)) timer = setTimeout(end, milliseconds);
      return woken;
    };
    return { wait, end };
  }

  wake(id: string): void {
    for (const wake of [...(this.waiting.get(id) ?? [])]) wake();
  }
}
