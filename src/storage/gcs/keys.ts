import { createHash } from 'node:crypto';
import { StorageError } from '../../model/errors/storage.error.js';
import type { Part } from '../../model/part.js';
import { isUploadId } from '../../model/upload-id.js';
import { problemOfText, shown, WORK_FOLDER } from '../parts/key-rules.js';
import type { ByteRange, StoredUpload } from '../upload-storage.js';
import type { Component } from './part-tag.js';

/** cloud.google.com/storage/docs/objects#naming */
const MAX_KEY_BYTES = 1024;

type Named = Pick<StoredUpload, 'id'>;

/** A version of an object, or a range of it. */
export interface SourceOfStep extends Pick<Component, 'name' | 'generation'> {
  readonly range?: ByteRange;
}

/** Names of objects in the bucket. */
export class Keys {
  /** What the names of all unfinished objects begin with. */
  readonly work: string;

  /** @param prefix - stands before every name; empty, or ends with what separates it, mostly "/" */
  constructor(private readonly prefix: string) {
    this.work = prefix + WORK_FOLDER;
  }

  /** @throws StorageError of kind `conflict` for a key that the store cannot hold, or that tools would trip over. */
  check(key: string): void {
    const problem = problemOf(key, this.prefix);
    if (problem) throw new StorageError('conflict', `The key ${shown(key)} ${problem}.`);
  }

  /** The object that a complete upload is: of a partial one that nobody else reads. */
  object(upload: Named & Pick<StoredUpload, 'key'>): string {
    if (upload.key === null) return this.workOf(upload);
    this.check(upload.key);
    return this.prefix + upload.key;
  }

  /** What the names of all parts of an upload begin with, and no other name. */
  parts(upload: Named): string {
    return `${this.workOf(upload)}.`;
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

  /** No folders: those of a hierarchical namespace would stay. */
  private workOf({ id }: Named): string {
    if (!isUploadId(id)) throw new StorageError('conflict', `The id ${shown(id)} cannot name an object.`);
    return this.work + id;
  }
}

function problemOf(key: string, prefix: string): string | undefined {
  if (key === '') return 'is empty';
  if (Buffer.byteLength(prefix + key) > MAX_KEY_BYTES) {
    return `is, with the prefix, longer than ${MAX_KEY_BYTES} bytes`;
  }
  const problem = problemOfText(key);
  if (problem) return problem;
  if ((prefix + key).startsWith('.well-known/acme-challenge/'))
    return 'begins with ".well-known/acme-challenge/"';
  const segments = key.split('/');
  if (segments.includes('')) return 'has an empty part before, between or after "/"';
  if (segments.some((segment) => segment === '.' || segment === '..')) return 'has a part "." or ".."';
  return undefined;
}
