import { TUS_EXTENSIONS } from '../protocol/tus/extensions.js';
import type { TusExtension } from '../protocol/tus/extensions.js';
import { checkCors } from './check-cors.js';
import { TusOptionError } from './tus-option.error.js';
import type { TusOptions } from './tus-module-options.js';

/** The options with every default filled in; the storage has a provider of its own. */
export type ResolvedOptions = Required<Omit<TusOptions, 'storage' | 'database' | 'maxSize'>> &
  Pick<TusOptions, 'database' | 'maxSize'>;

/** The longest that Node's timers wait; beyond it they fire at once. */
const LONGEST_TIMER = 2_147_483_647;

/** @throws TusOptionError for the first option that is wrong. */
export function resolveOptions(given: Omit<TusOptions, 'storage'>): ResolvedOptions {
  checkNumber('maxSize', given.maxSize, [0]);
  checkNumber('maxMetadataBytes', given.maxMetadataBytes, [0]);
  checkNumber('maxPartials', given.maxPartials, [1]);
  checkNumber('respondAfter', given.respondAfter, [0, LONGEST_TIMER]);
  checkNumber('bodyIdleTimeout', given.bodyIdleTimeout, [0]);
  checkDatabase(given.database);
  checkCors(given.cors);
  if (given.partials !== undefined && !['release', 'keep'].includes(given.partials)) {
    throw new TusOptionError('partials', given.partials, "use 'release' or 'keep'");
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

function checkDatabase(database: unknown): void {
  if (database === undefined) return;
  const { path } = (database ?? {}) as { path?: unknown };
  if (typeof path === 'string' && path !== '' && path !== ':memory:') return;
  throw new TusOptionError(
    'database',
    database,
    "give it as { path: './uploads.sqlite' }, a file on the disk",
  );
}

/** The extensions build on each other (OPT-07). */
function checkExtensions(extensions: readonly TusExtension[]): void {
  const known = `a list of names out of ${TUS_EXTENSIONS.join(', ')}`;
  if (!Array.isArray(extensions)) throw new TusOptionError('extensions', extensions, `use ${known}`);
  for (const extension of extensions as readonly TusExtension[]) {
    if (!TUS_EXTENSIONS.includes(extension))
      throw new TusOptionError('extensions', extension, `use ${known}`);
  }
  const dependent = extensions.find((extension) => /^(creation-|concatenation)/.test(String(extension)));
  if (dependent && !extensions.includes('creation')) {
    throw new TusOptionError('extensions', extensions, `add "creation", which "${String(dependent)}" needs`);
  }
}

function checkNumber(option: string, value: unknown, [least, most]: readonly [number, number?]): void {
  if (value === undefined) return;
  if (
    typeof value === 'number' &&
    Number.isSafeInteger(value) &&
    value >= least &&
    value <= (most ?? value)
  ) {
    return;
  }
  const range = most === undefined ? `of ${least} or more` : `from ${least} to ${most}`;
  throw new TusOptionError(option, value, `use a whole number ${range}, or leave it out`);
}
