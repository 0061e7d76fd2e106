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

/** Where the client finds the upload: a path with every prefix that the client itself used (CRE-01, traps 15, 16). */
export function locationOf(creationUrl: string, id: string): string {
  return `${publicPath(creationUrl)}/${id}`;
}
