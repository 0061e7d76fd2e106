import { ForbiddenError } from '../model/errors/forbidden.error.js';
import { UploadNotFoundError } from '../model/errors/upload-not-found.error.js';
import type { Operation } from '../model/authorization.js';
import { Metadata } from '../model/metadata.js';
import type { UploadKind } from '../model/upload.js';
import { toUpload } from '../repository/to-upload.js';
import type { UploadRecord } from '../repository/upload-record.js';
import { living } from './living.js';
import type { UploadDeps } from './upload-deps.js';

/** On whose behalf uploads are used. Without it nothing is checked. */
export interface Access {
  /**
   * Whom new uploads belong to, and whose uploads can be seen besides those that belong to nobody: 1 to 1,024
   * characters. Default: nobody.
   */
  readonly owner?: string | null | undefined;
  /** Asked before anything is done: true and undefined allow it, all else is a `ForbiddenError`. Default: allowed. */
  readonly authorize?: (operation: Operation) => unknown;
}

const MAX_OWNER_CHARACTERS = 1_024;

/**
 * Whom an upload that is made with this access belongs to.
 * @throws TypeError for what cannot be stored and found again as it is: a fault of the application, not of a client
 */
export function ownerOf(access: Access | undefined): string | null {
  const owner: unknown = access?.owner ?? null;
  if (owner === null) return null;
  // Half a surrogate pair and a null character come back from databases as something else, or not at all.
  const storable = typeof owner === 'string' && !owner.includes('\0') && !/\p{Surrogate}/u.test(owner);
  if (storable && owner.length > 0 && owner.length <= MAX_OWNER_CHARACTERS) return owner;
  throw new TypeError(
    `The owner of an upload has to be a well-formed string of 1 to ${MAX_OWNER_CHARACTERS} characters, or null for none.`,
  );
}

/** Whether an upload belongs to somebody else, for whom alone it is there. What belongs to nobody is there for all. */
export function isForeign(record: UploadRecord, owner: string | null): boolean {
  return record.owner !== null && record.owner !== owner;
}

/** @throws ForbiddenError, or what `authorize` throws */
export async function authorize(access: Access, operation: Operation): Promise<void> {
  const allowed = await access.authorize?.(operation);
  if (allowed !== true && allowed !== undefined) throw new ForbiddenError();
}

interface Creation {
  readonly kind: UploadKind;
  readonly length: number | null;
  /** As received. */
  readonly metadata?: string | null | undefined;
}

/** Asks for an upload that is about to be made. @throws ForbiddenError, or what `authorize` throws */
export async function authorizeCreation(access: Access, creation: Creation): Promise<void> {
  const owner = ownerOf(access);
  if (!access.authorize) return;
  const { kind, length, metadata } = creation;
  const rawMetadata = metadata?.trim() ? metadata : null;
  const upload = { kind, length, metadata: Metadata.parse(rawMetadata), rawMetadata, owner };
  await authorize(access, { operation: 'create', upload: Object.freeze(upload) });
}

/** What is done to one upload that exists. */
export type UploadOperation = Exclude<Operation['operation'], 'create' | 'concatenate'>;

/**
 * The row of an upload that may be used so. Somebody else's is not there, whatever became of it: nothing tells it
 * from an id that was never given.
 * @throws UploadNotFoundError, UploadGoneError, ForbiddenError, or what `authorize` throws
 */
export async function admitted(
  deps: UploadDeps,
  id: string,
  { operation, access }: { readonly operation: UploadOperation; readonly access: Access | undefined },
): Promise<UploadRecord> {
  const owner = ownerOf(access);
  const record = await deps.repository.find(id);
  if (access && record && isForeign(record, owner)) throw new UploadNotFoundError();
  const upload = living(record);
  if (access?.authorize) await authorize(access, { operation, upload: toUpload(upload) });
  return upload;
}
