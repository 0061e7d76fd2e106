import { OptionResultError } from '../model/errors/option-result.error.js';
import { Metadata } from '../model/metadata.js';
import type { CreationChanges, UploadProposal } from './hooks.js';

/**
 * What a hook makes of an upload that is about to be created. A partial has no key.
 * @throws OptionResultError for metadata that no header can carry: a fault of the application, not of the client
 */
export function changedProposal(
  proposal: UploadProposal,
  { metadata, key }: CreationChanges,
): UploadProposal {
  const decoded = metadata && decodedMetadata(metadata);
  return Object.freeze({
    ...proposal,
    ...(decoded && { metadata: decoded, rawMetadata: decoded.toHeader() }),
    ...(key !== undefined && proposal.kind !== 'partial' && { key }),
  });
}

function decodedMetadata(given: NonNullable<CreationChanges['metadata']>): Metadata {
  if (given instanceof Metadata) return given;
  try {
    return Metadata.from(given);
  } catch {
    const fix = 'give an object of texts, with keys of ASCII without space and comma';
    throw new OptionResultError('onUploadCreate().metadata', given, fix);
  }
}
