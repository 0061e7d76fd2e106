import { TUS_EXTENSIONS } from '../protocol/tus/extensions.js';
import type { TusExtension } from '../protocol/tus/extensions.js';
import type { TusOptions } from './tus-module-options.js';

/** The options with every default filled in; the storage has a provider of its own. */
export type ResolvedOptions = Required<Omit<TusOptions, 'storage' | 'database' | 'maxSize'>> &
  Pick<TusOptions, 'database' | 'maxSize'>;

/** An option that cannot be what it is. The message names it, the value, and the fix. */
export class TusOptionError extends Error {
  constructor(option: string, value: unknown, fix: string) {
    super(`TusModule: option "${option}" is ${describe(value)}; ${fix}.`);
    this.name = 'TusOptionError';
  }
}

/** @throws TusOptionError for the first option that is wrong. */
export function resolveOptions(given: Omit<TusOptions, 'storage'>): ResolvedOptions {
  checkNumber('maxSize', given.maxSize, 0);
  checkNumber('maxMetadataBytes', given.maxMetadataBytes, 0);
  checkNumber('maxPartials', given.maxPartials, 1);
  checkNumber('respondAfter', given.respondAfter, 0);
  checkNumber('bodyIdleTimeout', given.bodyIdleTimeout, 0);
  if (given.partials !== undefined && !['release', 'keep'].includes(given.partials)) {
    throw new TusOptionError('partials', given.partials, "use 'release' or 'keep'");
  }
  if (given.database !== undefined && typeof given.database.path !== 'string') {
    throw new TusOptionError('database', given.database, 'give it as { path: string }');
  }
  const extensions = given.extensions ?? TUS_EXTENSIONS;
  checkExtensions(extensions);
  return {
    extensions,
    database: given.database,
    maxSize: given.maxSize,
    cors: given.cors ?? false,
    maxMetadataBytes: given.maxMetadataBytes ?? 4096,
    maxPartials: given.maxPartials ?? 1000,
    partials: given.partials ?? 'release',
    respondAfter: given.respondAfter ?? 30_000,
    bodyIdleTimeout: given.bodyIdleTimeout ?? 30_000,
  };
}

/** The extensions build on each other (OPT-07). */
function checkExtensions(extensions: readonly TusExtension[]): void {
  for (const extension of extensions) {
    if (!TUS_EXTENSIONS.includes(extension)) {
      throw new TusOptionError('extensions', extension, `use names out of ${TUS_EXTENSIONS.join(', ')}`);
    }
  }
  const dependent = extensions.find((extension) => /^(creation-|concatenation)/.test(extension));
  if (dependent && !extensions.includes('creation')) {
    throw new TusOptionError('extensions', extensions, `add "creation", which "${dependent}" needs`);
  }
}

function checkNumber(option: string, value: unknown, least: number): void {
  if (value === undefined) return;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return;
  throw new TusOptionError(option, value, `use a whole number of ${least} or more, or leave it out`);
}

function describe(value: unknown): string {
  return typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value));
}
