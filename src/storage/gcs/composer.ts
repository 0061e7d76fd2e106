import { inParallel } from '../parts/in-parallel.js';
import type { StoredUpload } from '../upload-storage.js';
import { crc32cOfBoth } from './crc32c.js';
import type { GcsApi } from './gcs.api.js';
import type { Keys } from './keys.js';
import { workResource } from './object-settings.js';
import type { GcsObjectSettings } from './object-settings.js';
import type { Objects } from './objects.js';
import { MOST_SOURCES } from './options.js';
import type { Component } from './part-tag.js';

/** Requests of one upload at the same time: they cost the server nothing but waiting. */
const CONCURRENCY = 8;

export interface ComposerDeps {
  readonly api: GcsApi;
  readonly keys: Keys;
  readonly settings: GcsObjectSettings;
  readonly objects: Objects;
}

/** Length and checksum of components behind each other. */
export function sumOf(components: readonly Component[]): Pick<Component, 'length' | 'crc32c'> {
  return components.reduce(
    (sum, { length, crc32c }) => ({
      length: sum.length + length,
      crc32c: crc32cOfBoth(sum.crc32c, crc32c, length),
    }),
    { length: 0, crc32c: 0 },
  );
}

/** Joins objects inside the store, in a tree: a request takes 32 of them at most. */
export class Composer {
  constructor(private readonly deps: ComposerDeps) {}

  /** One object of all components, under the name of a part of the upload. */
  async part(upload: StoredUpload, components: readonly Component[], name: string): Promise<Component> {
    const sources = await this.fewEnough(upload, components);
    const { api, settings, objects } = this.deps;
    const wanted = { ...sumOf(sources), name, upload, resource: workResource(settings, upload) };
    return objects.make(wanted, (at) => api.compose(sources, at));
  }

  /** One object of all components, on the way to another one. */
  step(upload: StoredUpload, components: readonly Component[]): Promise<Component> {
    return this.part(upload, components, this.deps.keys.step(upload, components));
  }

  /** At most 32 objects, behind each other the same bytes. What is made on the way goes with the parts of the upload. */
  async fewEnough(upload: StoredUpload, components: readonly Component[]): Promise<readonly Component[]> {
    let level = [...components];
    while (level.length > MOST_SOURCES) {
      const groups = Array.from({ length: Math.ceil(level.length / MOST_SOURCES) }, (_, index) =>
        level.slice(index * MOST_SOURCES, (index + 1) * MOST_SOURCES),
      );
      const joined: Component[] = [];
      await inParallel(CONCURRENCY, [...groups.entries()], async ([index, group]) => {
        const [only, second] = group;
        joined[index] = only && !second ? only : await this.step(upload, group);
      });
      level = joined;
    }
    return level;
  }
}
