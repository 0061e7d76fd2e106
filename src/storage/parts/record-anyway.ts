import type { Part } from '../../model/part.js';
import type { UploadParts } from '../upload-storage.js';

const ATTEMPTS = 3;

/**
 * Puts parts on record whose numbers must not be given again, behind a failure that is told anyway. Never rejects: while
 * the database is away the lease cannot be given back in order either, and then the next writer leaves a gap.
 * @param lost - whether the right to record is gone
 */
export async function recordAnyway(
  { parts }: { readonly parts: UploadParts },
  unused: readonly Part[],
  lost: () => boolean = () => false,
): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS && !lost(); attempt++) {
    const done = await parts.record(unused).then(
      () => true,
      () => false,
    );
    if (done) return;
  }
}
