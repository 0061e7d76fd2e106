interface Waiter {
  readonly exclusive: boolean;
  readonly enter: () => void;
}

/**
 * Stands before a connection that has room for one transaction: lone statements run beside each other, a transaction
 * runs alone. Whoever came first goes first, so that neither kind starves the other.
 */
export class StatementGate {
  private readonly waiting: Waiter[] = [];
  private inside = 0;
  private alone = false;

  /** Runs work that may run beside other shared work. */
  async shared<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.enter(false);
    return this.run(work);
  }

  /** Runs work while nothing else runs. */
  async exclusive<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.enter(true);
    return this.run(work);
  }

  private async run<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } finally {
      this.inside -= 1;
      this.alone = false;
      this.admit();
    }
  }

  private enter(exclusive: boolean): Promise<void> {
    return new Promise((enter) => {
      this.waiting.push({ exclusive, enter });
      this.admit();
    });
  }

  private admit(): void {
    for (let next = this.waiting[0]; next && this.mayEnter(next); next = this.waiting[0]) {
      this.waiting.shift();
      this.inside += 1;
      this.alone = next.exclusive;
      next.enter();
    }
  }

  private mayEnter(next: Waiter): boolean {
    return !this.alone && (!next.exclusive || this.inside === 0);
  }
}
