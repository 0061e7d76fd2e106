const FOLLOWERS = new WeakMap<AbortSignal, Set<LinkedAbort>>();

/**
 * An abort of its own, which a signal from outside causes as well until it is released. `AbortSignal.any` of Node 20
 * leaves an entry with the outer signal for ever, and one that stops an application may see many uploads; a listener of
 * each makes Node warn of a leak where more than ten run at once.
 */
export class LinkedAbort extends AbortController {
  constructor(private readonly outer: AbortSignal | undefined) {
    super();
    if (outer?.aborted) this.abort(outer.reason);
    else if (outer) followersOf(outer).add(this);
  }

  /** Follows no longer. */
  release(): void {
    const { outer } = this;
    const followers = outer && FOLLOWERS.get(outer);
    if (!outer || !followers?.delete(this) || followers.size > 0) return;
    outer.removeEventListener('abort', lead);
    FOLLOWERS.delete(outer);
  }
}

function followersOf(outer: AbortSignal): Set<LinkedAbort> {
  const known = FOLLOWERS.get(outer);
  if (known) return known;
  const followers = new Set<LinkedAbort>();
  FOLLOWERS.set(outer, followers);
  outer.addEventListener('abort', lead, { once: true });
  return followers;
}

function lead({ target }: Event): void {
  const outer = target as AbortSignal;
  for (const follower of FOLLOWERS.get(outer) ?? []) follower.abort(outer.reason);
  FOLLOWERS.delete(outer);
}
