import { S3Error } from './s3.error.js';
import type { S3Lists } from './s3.lists.js';

/** The first that fits: some answer 404 to a wrong key. A number alone may be that of a port. */
const FIXES: readonly [words: RegExp, fix: string][] = [
  [
    /InvalidAccessKeyId|XAdminUserNotFound|SignatureDoesNotMatch|CredentialsProviderError|ExpiredToken|InvalidToken|TokenRefreshRequired/,
    'give the right credentials, in "clientConfig" or by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  ],
  [
    /PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException|Region is missing|answered 301 /,
    'name the region of the bucket, in "clientConfig" or by AWS_REGION',
  ],
  [/RequestTimeTooSkewed/, "set this machine's clock"],
  [
    /AccessDenied|answered 403 /,
    'allow these credentials what docs/s3.md lists (here s3:ListBucketMultipartUploads)',
  ],
  [/NoSuchBucket|NotFound|answered 404 /, 'create it, or name another one with the option "bucket"'],
];

/**
 * Asks the store for what the clean-up needs, too. A HEAD would do as well, but its answer cannot say what is wrong.
 * @throws Error that names the option and the fix
 */
export async function checkBucket(lists: S3Lists, bucket: string): Promise<void> {
  try {
    await lists.checkAccess();
  } catch (error) {
    const { code = '', message = String(error) } = error instanceof S3Error ? error : {};
    const fix =
      FIXES.find(([words]) => words.test(`${code} ${message}`))?.[1] ??
      'see that "endpoint" and "region" in "clientConfig" are right and that the store is up, or set "checkBucket" to false';
    throw new Error(`S3Storage: the option "bucket" is ${bucket}, which cannot be used: ${fix}. ${message}`, {
      cause: error,
    });
  }
}
