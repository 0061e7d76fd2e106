import type { UploadProposal } from '../events/hooks.js';
import type { RequestContext } from '../model/request-context.js';
import type { NewUpload } from '../repository/upload-record.js';
import { checkStorage } from './check-storage.js';
import { checkedKey, keyOf } from './naming.js';
import type { UploadDeps } from './upload-deps.js';

type Draft = Omit<UploadProposal, 'storage' | 'key' | 'rawMetadata'> & {
  /** As received. */
  readonly rawMetadata: string | null | undefined;
};

/**
 * Metadata and key of a new upload: the client's and what the option `key` says, unless `OnUploadCreate` has others.
 * Nothing is stored yet.
 * @throws OptionResultError, InvalidKeyError, InvalidMetadataError, or what a hook throws
 */
export async function proposed(
  deps: UploadDeps,
  draft: Draft,
  context: RequestContext | undefined,
): Promise<Pick<NewUpload, 'metadata' | 'key'>> {
  const { kind } = draft;
  const rawMetadata = draft.rawMetadata?.trim() ? draft.rawMetadata : null;
  const key = kind === 'partial' ? null : await keyOf(deps, { ...draft, kind }, context);
  const given = { ...draft, rawMetadata, key, storage: deps.storageName };
  const made = await deps.hooks.create(given, context);
  if (made.key !== key && made.key !== null) checkedKey(deps, 'onUploadCreate().key', made.key);
  const stored = { metadata: made.rawMetadata, key: made.key };
  checkStorage(deps, { id: draft.id, kind, length: draft.length, ...stored });
  return stored;
}
