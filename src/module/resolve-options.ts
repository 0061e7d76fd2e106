import { CHECKSUM_ALGORITHMS } from '../model/checksum.js';
import type { ChecksumAlgorithm } from '../model/checksum.js';
import { neededBy, TUS_EXTENSIONS } from '../protocol/tus/extensions.js';
import type { TusExtension } from '../protocol/tus/extensions.js';
import { checkCors } from './check-cors.js';
import { isDataSource } from '../repository/typeorm/connection-to.js';
import { isDatabaseFactory } from './open-database.js';
import type { DeliverySettings } from '../events/delivery-settings.js';
import type { LocationSettings } from '../http/location.js';
import type { ExpirationSettings } from '../uploads/upload-deps.js';
import { resolveDelivery } from './delivery-options.js';
import { resolveLocation } from './location-options.js';
import { resolveExpiration } from './expiration-options.js';
import { checkBoolean, checkNumber, LONGEST_TIMER } from './option-checks.js';
import { wrongOption } from './wrong-option.js';
import type { TusOptions } from './tus-module-options.js';

/** The options with every default filled in; the storage has a provider of its own. */
export type ResolvedOptions = Required<Omit<TusOptions, WithoutDefault>> &
  Pick<
    TusOptions,
    'database' | 'maxSize' | 'owner' | 'authorize' | 'idGenerator' | 'key' | 'validateMetadata'
  > & {
    readonly expiration: ExpirationSettings;
    readonly delivery: DeliverySettings;
    readonly location: LocationSettings;
  };

type WithoutDefault =
  | 'storage'
  | 'database'
  | 'expiration'
  | 'delivery'
  | 'maxSize'
  | 'owner'
  | 'authorize'
  | 'idGenerator'
  | 'key'
  | 'validateMetadata'
  | 'publicUrl'
  | 'trustProxy'
  | 'relativeLocation';

const DEFAULT_CHECKSUMS: readonly ChecksumAlgorithm[] = ['sha1', 'sha256'];
const MIB = 1024 * 1024;

/** @throws TusOptionError for the first option that is wrong. */
export function resolveOptions(given: Omit<TusOptions, 'storage'>): ResolvedOptions {
  if (typeof given.maxSize !== 'function') checkNumber('maxSize', given.maxSize, [0]);
  checkNumber('maxMetadataBytes', given.maxMetadataBytes, [0]);
  checkNumber('maxPartials', given.maxPartials, [1]);
  checkNumber('respondAfter', given.respondAfter, [0, LONGEST_TIMER]);
  checkNumber('progressInterval', given.progressInterval, [0, LONGEST_TIMER]);
  checkNumber('memoryBudget', given.memoryBudget, [MIB]);
  checkNumber('bodyIdleTimeout', given.bodyIdleTimeout, [0, LONGEST_TIMER]);
  for (const option of ['idGenerator', 'key', 'validateMetadata', 'owner', 'authorize'] as const)
    checkFunction(option, given[option]);
  checkDatabase(given.database);
  checkCors(given.cors);
  for (const option of ['downloads', 'freeChunks'] as const) checkBoolean(option, given[option]);
  if (given.partials !== undefined && !['release', 'keep'].includes(given.partials)) {
    throw wrongOption('partials', given.partials, "use 'release' or 'keep'");
  }
  const extensions = given.extensions ?? TUS_EXTENSIONS;
  checkExtensions(extensions);
  const checksums = given.checksums ?? DEFAULT_CHECKSUMS;
  checkChecksums(checksums);
  const expiration = expirationOf(given, extensions);
  return {
    // What never expires is not said to.
    extensions: extensions.filter((name) => name !== 'expiration' || expires(expiration)),
    expiration,
    delivery: resolveDelivery(given.delivery),
    checksums,
    database: given.database,
    location: resolveLocation(given),
    ...(given.maxSize !== undefined && { maxSize: given.maxSize }),
    ...(given.idGenerator && { idGenerator: given.idGenerator }),
    ...(given.key && { key: given.key }),
    ...(given.validateMetadata && { validateMetadata: given.validateMetadata }),
    owner: given.owner,
    authorize: given.authorize,
    cors: given.cors ?? false,
    downloads: given.downloads ?? false,
    maxMetadataBytes: given.maxMetadataBytes ?? 4096,
    maxPartials: given.maxPartials ?? 1000,
    partials: given.partials ?? 'release',
    respondAfter: given.respondAfter ?? 30_000,
    bodyIdleTimeout: given.bodyIdleTimeout ?? 30_000,
    progressInterval: given.progressInterval ?? 1_000,
    memoryBudget: given.memoryBudget ?? 64 * MIB,
    freeChunks: given.freeChunks ?? true,
  };
}

function checkFunction(option: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  throw wrongOption(option, value, 'give a function, or leave it out');
}

/** @throws TusOptionError for a name that is unknown, or a list without `sha1` (CHK-01) */
function checkChecksums(checksums: unknown): void {
  const known: readonly unknown[] = CHECKSUM_ALGORITHMS;
  if (
    Array.isArray(checksums) &&
    checksums.includes('sha1') &&
    checksums.every((name) => known.includes(name))
  ) {
    return;
  }
  const fix = `use a list out of ${CHECKSUM_ALGORITHMS.join(', ')} that has sha1`;
  throw wrongOption('checksums', checksums, fix);
}

/** What may be removed after a time must be said to (EXP-01): without the extension nothing expires. */
function expirationOf(
  { expiration }: Pick<TusOptions, 'expiration'>,
  extensions: readonly TusExtension[],
): ExpirationSettings {
  const listed = extensions.includes('expiration');
  const resolved = resolveExpiration(expiration === undefined && !listed ? false : expiration);
  if (listed || !expires(resolved)) return resolved;
  const fix = 'add "expiration", which the option "expiration" needs, or set that to false';
  throw wrongOption('extensions', extensions, fix);
}

function expires({ unfinished, completed }: ExpirationSettings): boolean {
  return unfinished !== null || completed !== null;
}

function checkDatabase(database: unknown): void {
  if (database === undefined) return;
  if (typeof database === 'function' || isDataSource(database) || isDatabaseFactory(database)) return;
  const { path, driver } = (database ?? {}) as { path?: unknown; driver?: unknown };
  if (driver !== undefined && driver !== 'sqlite3' && driver !== 'better-sqlite3') {
    throw wrongOption('database.driver', driver, "use 'sqlite3' or 'better-sqlite3', or leave it out");
  }
  if (typeof path === 'string' && path !== '' && path !== ':memory:') return;
  throw wrongOption(
    'database',
    database,
    "give it as { path: './uploads.sqlite' }, a file on the disk, or as a DataSource of TypeORM",
  );
}

/** The extensions build on each other (OPT-07). */
function checkExtensions(extensions: readonly TusExtension[]): void {
  const known = `a list of names out of ${TUS_EXTENSIONS.join(', ')}`;
  if (!Array.isArray(extensions)) throw wrongOption('extensions', extensions, `use ${known}`);
  for (const extension of extensions as readonly TusExtension[]) {
    if (!TUS_EXTENSIONS.includes(extension)) throw wrongOption('extensions', extension, `use ${known}`);
  }
  for (const extension of extensions as readonly TusExtension[]) {
    const needed = neededBy(extension);
    if (needed === undefined || extensions.includes(needed)) continue;
    throw wrongOption('extensions', extensions, `add "${needed}", which "${extension}" needs`);
  }
}
