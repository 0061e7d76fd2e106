type Fault<Method> = Method extends (...input: infer Input) => infer Result
  ? (real: () => Result, ...input: Input) => Result
  : never;

/** What is called in the place of methods, with the real call to make, or not to make. */
export type Faults<Target> = { -readonly [Name in keyof Target]?: Fault<NonNullable<Target[Name]>> };

/** The object, but for the methods that have a fault at the time of the call. */
export function faulty<Target extends object>(target: Target, faults: Faults<Target>): Target {
  return new Proxy(target, {
    get(inner, name) {
      const value: unknown = Reflect.get(inner, name, inner);
      if (typeof value !== 'function') return value;
      return (...input: unknown[]): unknown => {
        const real = (): unknown => Reflect.apply(value, inner, input);
        const fault: unknown = Reflect.get(faults, name);
        return typeof fault === 'function' ? Reflect.apply(fault, undefined, [real, ...input]) : real();
      };
    },
  });
}

/** Fails the first call that it is meant for; all others are real. */
export function failingOnce<Input extends unknown[], Output>(
  error: Error,
  meant: (...input: Input) => boolean = () => true,
): (real: () => Promise<Output>, ...input: Input) => Promise<Output> {
  let failed = false;
  return (real, ...input) => {
    if (failed || !meant(...input)) return real();
    failed = true;
    return Promise.reject(error);
  };
}

/** A gate that a test opens, or waits at. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** What a database says that does not answer. */
export const DATABASE_AWAY = new Error('the database is away');
