import type { Readable } from 'node:stream';
import { StorageError } from '../../model/errors/storage.error.js';
import type { PartBytes, PartTarget } from '../parts/part-target.js';
import type { StoredUpload } from '../upload-storage.js';
import { hashed } from './body.js';
import type { GcsApi } from './gcs.api.js';
import type { Keys } from './keys.js';
import { workResource } from './object-settings.js';
import type { GcsObjectSettings } from './object-settings.js';
import type { Objects } from './objects.js';
import { tagOf } from './part-tag.js';

export interface AppendTargetDeps {
  readonly api: GcsApi;
  readonly keys: Keys;
  readonly settings: GcsObjectSettings;
  readonly objects: Objects;
}

/** Where the parts of one append go: each is an object. Parts of any size can be composed, so that there are no tails. */
export class AppendTarget implements PartTarget {
  constructor(
    private readonly deps: AppendTargetDeps,
    private readonly upload: StoredUpload,
  ) {}

  async put(part: PartBytes): Promise<string> {
    const { api, keys, settings, objects } = this.deps;
    const { upload } = this;
    const body = await hashed(part);
    const name = keys.part(upload, part);
    const wanted = { ...body, name, upload, resource: workResource(settings, upload) };
    return tagOf(await objects.make(wanted, (at) => api.insert(body, at)));
  }

  putTail(): Promise<string> {
    return Promise.reject(noTails());
  }

  readTail(): Promise<Readable> {
    return Promise.reject(noTails());
  }

  removeTail(): Promise<void> {
    return Promise.reject(noTails());
  }
}

function noTails(): StorageError {
  return new StorageError('missing', 'GcsStorage keeps no tails.');
}
