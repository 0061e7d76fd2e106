import type { ChecksumAlgorithm } from '../../model/checksum.js';
import { usableExtensions } from './extensions.js';
import type { TusExtension } from './extensions.js';
import type { Headers } from './headers.js';
import { TUS_VERSION } from './version.js';

export interface Abilities {
  readonly extensions: readonly TusExtension[];
  /** Bytes that an upload may have at most; without it there is no limit. */
  readonly maxSize?: number;
  /** Algorithms that requests may be checked with. */
  readonly checksums: readonly ChecksumAlgorithm[];
}

/** What OPTIONS tells of the server (OPT-01 to OPT-05). Lists have no spaces: TUSKit does not trim. */
export function discoveryHeaders({ extensions, maxSize, checksums }: Abilities): Headers {
  const usable = usableExtensions(extensions);
  return {
    'Tus-Resumable': TUS_VERSION,
    'Tus-Version': TUS_VERSION,
    ...(usable.length > 0 && { 'Tus-Extension': usable.join(',') }),
    ...(usable.includes('checksum') && { 'Tus-Checksum-Algorithm': checksums.join(',') }),
    ...(maxSize !== undefined && { 'Tus-Max-Size': String(maxSize) }),
  };
}
