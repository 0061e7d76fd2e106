export interface Freeze {
  /** Resolves when the statement has been reached. */
  readonly reached: Promise<void>;
  thaw(): void;
}

class Gate {
  open!: () => void;
  readonly passed = new Promise<void>((resolve) => (this.open = resolve));
}

type Intercept = (apply: () => void) => Promise<void>;

/** The statements that storages have made on a row; a case lets one of them hang or fail. */
export class Statements {
  private made = 0;
  private readonly intercepts = new Map<number, Intercept>();
  private readonly frozen: Freeze[] = [];

  async run(apply: () => void): Promise<void> {
    this.made += 1;
    const intercept = this.intercepts.get(this.made);
    await (intercept ? intercept(apply) : apply());
  }

  /** Lets the n-th statement from now on hang, before or after it took effect: its process is as good as dead. */
  freeze(count: number, when: 'before' | 'after'): Freeze {
    const [reached, thawed] = [new Gate(), new Gate()];
    this.intercepts.set(this.made + count, async (apply) => {
      if (when === 'after') apply();
      reached.open();
      await thawed.passed;
      if (when === 'before') apply();
    });
    const freeze = { reached: reached.passed, thaw: () => thawed.open() };
    this.frozen.push(freeze);
    return freeze;
  }

  /** Calls this in place of the n-th statement from now on. */
  replace(count: number, refuse: () => void): void {
    this.intercepts.set(this.made + count, async () => refuse());
  }

  /** Runs something right behind the n-th statement from now on. */
  follow(count: number, act: () => Promise<void>): void {
    this.intercepts.set(this.made + count, async (apply) => {
      apply();
      await act();
    });
  }

  thaw(): void {
    for (const { thaw } of this.frozen.splice(0)) thaw();
  }
}
