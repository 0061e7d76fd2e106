import type { Part } from '../../model/part.js';
import { ObjectKeys } from '../parts/object-keys.js';

/** learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata */
const MAX_KEY_LENGTH = 1024;
const MAX_SEGMENTS = 254;

/** Names of blobs in the container. */
export class Keys extends ObjectKeys {
  /** The blob of a tail. */
  tail(id: string, { epoch, number }: Pick<Part, 'epoch' | 'number'>): string {
    return `${this.workOf(id)}.${epoch}-${number}`;
  }

  /** A name that never has a blob. */
  nothing(): string {
    return `${this.work}.nothing`;
  }

  protected problemOf(key: string): string | undefined {
    if ((this.prefix + key).length > MAX_KEY_LENGTH) {
      return `is, with the prefix, longer than ${MAX_KEY_LENGTH} characters`;
    }
    // It is a slash in a URL.
    if (key.includes('\\')) return 'has a "\\", which Azure takes for a "/"';
    if (key.split('/').some((segment) => segment.endsWith('.'))) return 'has a part that ends with "."';
    if ((this.prefix + key).split('/').length > MAX_SEGMENTS) return `has more than ${MAX_SEGMENTS} parts`;
    return undefined;
  }
}
