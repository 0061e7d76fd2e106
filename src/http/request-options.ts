import { MetadataRefusedError } from '../model/errors/metadata-refused.error.js';
import { OptionResultError } from '../model/errors/option-result.error.js';
import { Metadata } from '../model/metadata.js';
import type { RequestContext } from '../model/request-context.js';
import { resolve } from '../model/resolvable.js';
import type { HttpSettings } from './http-settings.js';

/**
 * Bytes that an upload may have at most by this request, to be passed on to the uploads room; empty for no limit.
 * @throws OptionResultError for what is no count of bytes
 */
export async function sizeLimit(
  { maxSize }: Pick<HttpSettings, 'maxSize'>,
  context: RequestContext,
): Promise<{ readonly maxSize?: number }> {
  const limit = await resolve(maxSize, context);
  if (limit === undefined) return {};
  if (Number.isSafeInteger(limit) && limit >= 0) return { maxSize: limit };
  throw new OptionResultError('maxSize', limit, 'return a whole number of bytes of 0 or more, or undefined');
}

/**
 * Asks the application whether it takes an upload with this metadata.
 * @throws MetadataRefusedError with the application's text; OptionResultError for what is neither a text nor nothing
 */
export async function checkMetadata(
  { validateMetadata }: Pick<HttpSettings, 'validateMetadata'>,
  rawMetadata: string | null,
  context: RequestContext,
): Promise<void> {
  if (!validateMetadata) return;
  const refusal: unknown = await validateMetadata(Metadata.parse(rawMetadata), context);
  if (refusal === undefined) return;
  if (typeof refusal === 'string') throw new MetadataRefusedError(refusal);
  // Whoever returns `false` has meant to refuse.
  throw new OptionResultError('validateMetadata', refusal, 'return a text to refuse, or nothing to accept');
}
