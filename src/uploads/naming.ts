import { randomBytes } from 'node:crypto';
import { InvalidKeyError } from '../model/errors/invalid-key.error.js';
import { OptionResultError } from '../model/errors/option-result.error.js';
import { StorageError } from '../model/errors/storage.error.js';
import type { UploadDraft } from '../model/naming.js';
import type { RequestContext } from '../model/request-context.js';
import { isUploadId } from '../model/upload-id.js';
import type { UploadDeps } from './upload-deps.js';

/** What the column of a key holds, in every database; storages may hold less. */
const LONGEST_KEY = 1024;

/**
 * The id of a new upload: 128 bits that nobody can guess (CORE-28), or what `idGenerator` returns.
 * @throws OptionResultError for what cannot be an id
 */
export async function newId({ settings }: UploadDeps, context?: RequestContext): Promise<string> {
  if (!settings.idGenerator) return randomBytes(16).toString('base64url');
  const id: unknown = await settings.idGenerator(context);
  if (isUploadId(id)) return id;
  throw new OptionResultError(
    'idGenerator',
    id,
    'return 1 to 128 characters out of A-Z, a-z, 0-9, "-" and "_"',
  );
}

/**
 * Where an upload will be published: under its id, or what `key` returns.
 * @throws OptionResultError for what is no text; InvalidKeyError for a key that the storage cannot hold
 */
export async function keyOf(deps: UploadDeps, draft: UploadDraft, context?: RequestContext): Promise<string> {
  if (!deps.settings.key) return draft.id;
  return checkedKey(deps, 'key', await deps.settings.key(draft, context));
}

/**
 * A key as the application gave it, by the option or hook that is named.
 * @throws OptionResultError for what is no text; InvalidKeyError for a key that the storage cannot hold
 */
export function checkedKey({ storage }: Pick<UploadDeps, 'storage'>, option: string, key: unknown): string {
  if (typeof key !== 'string') throw new OptionResultError(option, key, 'return the key as a text');
  if (key.length > LONGEST_KEY) throw new InvalidKeyError();
  try {
    storage.checkKey(key);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    // A client's metadata may have led to it.
    throw new InvalidKeyError({ cause: error });
  }
  return key;
}
