import { createHash } from 'node:crypto';
import type { Part } from '../../model/part.js';
import { ObjectKeys, problemInBucket } from '../parts/object-keys.js';
import type { ByteRange, StoredUpload } from '../upload-storage.js';
import type { Component } from './part-tag.js';

type Named = Pick<StoredUpload, 'id'>;

/** A version of an object, or a range of it. */
export interface SourceOfStep extends Pick<Component, 'name' | 'generation'> {
  readonly range?: ByteRange;
}

/** Names of objects in the bucket. */
export class Keys extends ObjectKeys {
  /** What the names of all parts of an upload begin with, and no other name. */
  parts({ id }: Named): string {
    return `${this.workOf(id)}.`;
  }

  /** The object of a part. With the epoch no two writers ever use the same name. */
  part(upload: Named, { epoch, number }: Pick<Part, 'epoch' | 'number'>): string {
    return `${this.parts(upload)}${epoch}-${number}`;
  }

  /**
   * An object that is made on the way to another one. It is named by what it is made of, so that a second call finds it:
   * a completion that fails for ever leaves one set of them.
   */
  step(upload: Named, sources: readonly SourceOfStep[]): string {
    const hash = createHash('sha256');
    for (const { name, generation, range } of sources) {
      hash.update(JSON.stringify([name, generation, range?.start, range?.end]));
    }
    return `${this.parts(upload)}step-${hash.digest('hex').slice(0, 32)}`;
  }

  protected problemOf(key: string): string | undefined {
    const challenge = '.well-known/acme-challenge/';
    if ((this.prefix + key).startsWith(challenge)) return `begins with "${challenge}"`;
    return problemInBucket(this.prefix, key);
  }
}
