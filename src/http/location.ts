const AUTHORITY = /^([a-z][a-z\d+.-]*):\/\/[^/?#]*/i;

/** The path of a request target, without query and fragment; of an absolute target too (RFC 9112, 3.2.2). */
export function pathOf(url: string): string {
  // Whatever the scheme: what is left must never name another host.
  const path = url.replace(AUTHORITY, '').split(/[?#]/, 1)[0] ?? '';
  return path === '' ? '/' : path;
}

/** Whether a request target is absolute, and of another scheme than a web server has. */
export function hasForeignScheme(url: string): boolean {
  const scheme = AUTHORITY.exec(url)?.[1]?.toLowerCase();
  return scheme !== undefined && scheme !== 'http' && scheme !== 'https';
}

/** The path of the endpoint as the client knows it, without slashes at its end; empty for the root. */
export function publicPath(creationUrl: string): string {
  // Two slashes in front would name another host in a Location.
  const path = pathOf(creationUrl).replace(/^\/{2,}/, '/');
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}

/** How the URLs of uploads are written; without it as a path on the host that the client speaks to. */
export interface LocationSettings {
  /** Absolute URL of the endpoint as clients see it. The others then say nothing. */
  readonly publicUrl?: string;
  /** Whether what a proxy says of the request is believed. */
  readonly trustProxy: boolean;
  /** Whether a path is enough where no proxy says more. */
  readonly relative: boolean;
}

/** Where the client of a request sees the endpoint. */
export interface PublicPlace {
  /** Scheme, host and port; empty for those that the client speaks to. */
  readonly origin: string;
  /** With every prefix, without slashes at its end; empty for the root. */
  readonly path: string;
}

/** Where the client finds the upload (CRE-01, traps 15, 16). */
export function locationOf({ origin, path }: PublicPlace, id: string): string {
  return `${origin}${path}/${id}`;
}
