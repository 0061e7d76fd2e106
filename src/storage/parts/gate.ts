/** Lets so many works run at the same time; the others wait for their turn. */
export class Gate {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly most: number) {}

  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.most) await new Promise<void>((enter) => this.waiting.push(enter));
    else this.running += 1;
    try {
      return await work();
    } finally {
      // Who waits takes over the place.
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }
}
