/** What a request to Google Cloud Storage asks for, in the words of the JSON API. */
export const GCS_KINDS = [
  'compose',
  'delete',
  'get',
  'get media',
  'insert',
  'list',
  'rewrite',
  /** Of buckets mostly: nothing that an upload does. */
  'other',
] as const;

export type GcsKind = (typeof GCS_KINDS)[number];

export function kindOf(method: string, url: string): GcsKind {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  if (/^\/upload\/storage\/v1\/b\/[^/]+\/o$/.test(pathname)) return 'insert';
  const [, name, verb] = /^\/storage\/v1\/b\/[^/]+\/o(?:\/([^/]+)(?:\/(\w+))?)?/.exec(pathname) ?? [];
  if (verb === 'compose') return 'compose';
  if (verb === 'rewriteTo') return 'rewrite';
  if (name === undefined) return method === 'GET' && pathname.endsWith('/o') ? 'list' : 'other';
  if (method === 'DELETE') return 'delete';
  if (method !== 'GET') return 'other';
  return searchParams.get('alt') === 'media' ? 'get media' : 'get';
}
