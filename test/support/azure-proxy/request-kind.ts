/** What a request to Azure Blob Storage asks for, in the words of its API. */
export const AZURE_KINDS = [
  'Delete Blob',
  'Get Blob',
  'Get Blob Properties',
  'Get Block List',
  'List Blobs',
  'Put Blob',
  'Put Block',
  'Put Block From URL',
  'Put Block List',
  /** Of containers and accounts mostly: nothing that an upload does. */
  'other',
] as const;

export type AzureKind = (typeof AZURE_KINDS)[number];

export interface AzureRequest {
  readonly method: string;
  /** Path style: `/account/container/blob?query`. */
  readonly url: string;
  readonly isCopy: boolean;
}

export function kindOf({ method, url, isCopy }: AzureRequest): AzureKind {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const asked = searchParams.get('comp');
  if (!/^\/[^/]+\/[^/]+\/./.test(pathname))
    return asked === 'list' && method === 'GET' ? 'List Blobs' : 'other';
  if (asked === 'blocklist') return method === 'PUT' ? 'Put Block List' : 'Get Block List';
  if (asked === 'block') return isCopy ? 'Put Block From URL' : 'Put Block';
  if (asked !== null) return 'other';
  return OF_BLOB.get(method) ?? 'other';
}

const OF_BLOB = new Map<string, AzureKind>([
  ['DELETE', 'Delete Blob'],
  ['GET', 'Get Blob'],
  ['HEAD', 'Get Blob Properties'],
  ['PUT', 'Put Blob'],
]);
