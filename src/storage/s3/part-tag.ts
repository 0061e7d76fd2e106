import type { ChecksumAlgorithm, CompletedPart } from '@aws-sdk/client-s3';
import type { Part } from '../../model/part.js';
import { s3Error } from './s3.error.js';

/** A part of a multipart upload that the store has. */
export type TaggedPart = Pick<Part, 'number' | 'tag'>;

/**
 * What Complete has to say of a part, as one text: its ETag, and its checksum only where one was asked for, since some
 * stores refuse it otherwise.
 * @throws S3Error of kind `unavailable` if the answer to the request is not whole
 */
export function tagOf(
  request: string,
  answer: Omit<CompletedPart, 'PartNumber'>,
  checksum: ChecksumAlgorithm | undefined,
): string {
  const { ETag } = answer;
  // Without it Complete would be refused for ever.
  if (!ETag) throw s3Error(request, new Error('It named no ETag.'));
  const name = `Checksum${checksum}` as keyof typeof answer;
  const value = checksum && answer[name];
  return value ? `${ETag} ${name} ${value}` : ETag;
}

export function completedPart({ number, tag }: TaggedPart): CompletedPart {
  // Neither an ETag nor what is Base64 has a space.
  const [ETag, name, value] = (tag ?? '').split(' ');
  return { PartNumber: number, ...(ETag && { ETag }), ...(name && { [name]: value }) };
}
