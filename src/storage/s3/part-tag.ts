import type { ChecksumAlgorithm, CompletedPart } from '@aws-sdk/client-s3';
import type { Part } from '../../model/part.js';

/** A part of a multipart upload that the store has. */
export type TaggedPart = Pick<Part, 'number' | 'tag'>;

/**
 * What Complete has to say of a part, as one text: its ETag, and its checksum only where one was asked for, since some
 * stores refuse it otherwise.
 */
export function tagOf(
  answer: Omit<CompletedPart, 'PartNumber'>,
  checksum: ChecksumAlgorithm | undefined,
): string {
  const { ETag = '' } = answer;
  const name = `Checksum${checksum}` as keyof typeof answer;
  const value = checksum && answer[name];
  return value ? `${ETag} ${name} ${value}` : ETag;
}

export function completedPart({ number, tag }: TaggedPart): CompletedPart {
  // Neither an ETag nor what is Base64 has a space.
  const [ETag, name, value] = (tag ?? '').split(' ');
  return { PartNumber: number, ...(ETag && { ETag }), ...(name && { [name]: value }) };
}
