/** A hook with a name that stays the same over restarts. */
export interface NamedHook<T> {
  readonly name: string;
  readonly hook: T;
}
