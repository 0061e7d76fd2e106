import { Observable, Subscriber } from 'rxjs';
import type { Observer, Operator, Subscription, TeardownLogic } from 'rxjs';

type Consumer<T> = Partial<Observer<T>> | ((value: T) => unknown) | null;

/** What operators behind the subscriber throw as they end, such as the callback of `finalize`, is reported. */
export function guarded<T>(subscriber: Subscriber<T>, report: (error: unknown) => void): Observer<T> {
  const guard = (call: () => void): void => {
    try {
      call();
    } catch (error) {
      report(error);
    }
  };
  return {
    next: (value) => guard(() => subscriber.next(value)),
    error: (reason) => guard(() => subscriber.error(reason)),
    complete: () => guard(() => subscriber.complete()),
  };
}

/**
 * An observable whose subscribers cannot do harm: what they throw, or reject with, is reported instead of ending the
 * process, which is what rxjs makes of it. That holds behind every operator, too: `pipe` lifts this class along.
 */
export class IsolatedObservable<T> extends Observable<T> {
  constructor(
    private readonly report: (error: unknown) => void,
    subscribe?: (subscriber: Subscriber<T>) => TeardownLogic,
  ) {
    super(subscribe);
  }

  /** @internal */
  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new IsolatedObservable<R>(this.report);
    lifted.source = this;
    lifted.operator = operator;
    return lifted;
  }

  override subscribe(
    consumer?: Consumer<T>,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    // The next operator of a chain, which tells its own subscriber of what it throws.
    if (consumer instanceof Subscriber) return super.subscribe(consumer);
    const given = typeof consumer === 'object' && consumer !== null ? consumer : undefined;
    const next = typeof consumer === 'function' ? consumer : given?.next?.bind(given);
    const failed = error ?? given?.error?.bind(given);
    const ended = complete ?? given?.complete?.bind(given);
    return super.subscribe({
      next: (value) => this.guard(() => next?.(value)),
      error: (reason: unknown) => this.guard(() => (failed ?? this.report)(reason)),
      complete: () => this.guard(() => ended?.()),
    });
  }

  private guard(call: () => unknown): void {
    try {
      const result = call();
      if (result instanceof Promise) result.catch(this.report);
    } catch (error) {
      this.report(error);
    }
  }
}
