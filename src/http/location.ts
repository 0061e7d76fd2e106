/** The path of a request target, without query and fragment; of an absolute target too (RFC 9112, 3.2.2). */
export function pathOf(url: string): string {
  const path = url.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0] ?? '';
  return path === '' ? '/' : path;
}

/** The path of the endpoint as the client knows it, without a slash at its end; empty for the root. */
export function publicPath(creationUrl: string): string {
  // Two slashes in front would name another host in a Location.
  return pathOf(creationUrl)
    .replace(/^\/{2,}/, '/')
    .replace(/\/$/, '');
}

/** Where the client finds the upload: a path with every prefix that the client itself used (CRE-01, traps 15, 16). */
export function locationOf(creationUrl: string, id: string): string {
  return `${publicPath(creationUrl)}/${id}`;
}
