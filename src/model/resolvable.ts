import type { RequestContext } from './request-context.js';

/** A value, or a function that makes it for a request. */
export type Resolvable<Value> = Value | ((context: RequestContext) => Value | Promise<Value>);

/** @throws whatever the function throws */
export async function resolve<Value extends string | number | boolean | object | undefined | null>(
  resolvable: Resolvable<Value>,
  context: RequestContext,
): Promise<Value> {
  return typeof resolvable === 'function' ? resolvable(context) : resolvable;
}
