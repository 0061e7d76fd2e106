import type { Part } from '../../model/part.js';
import { ObjectKeys, problemInBucket } from '../parts/object-keys.js';

/** Names of objects in the bucket. */
export class Keys extends ObjectKeys {
  /** The object of a tail: beside that of a partial, for stores on file systems have no folder where an object is. */
  tail(id: string, { epoch, number }: Pick<Part, 'epoch' | 'number'>): string {
    return `${this.workOf(id)}.${epoch}-${number}`;
  }

  protected problemOf(key: string): string | undefined {
    return problemInBucket(this.prefix, key);
  }
}

/** What names the source of a copy: each segment encoded, the slashes not. */
export function copySource(bucket: string, key: string): string {
  return [bucket, ...key.split('/')].map(encodeURIComponent).join('/');
}
