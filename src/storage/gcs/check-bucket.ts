import type { GcsApi } from './gcs.api.js';
import { GcsError } from './gcs.error.js';

const FIXES: readonly [words: RegExp, fix: string][] = [
  [/^404 /, 'create it, or name another one with the option "bucket"'],
  [
    /^401 |default credentials|invalid_grant|ENOENT|private key|DECODER/i,
    'give the right credentials, in "clientConfig" or by GOOGLE_APPLICATION_CREDENTIALS',
  ],
  [/^403 /, 'give these credentials the role Storage Object User on it (here storage.objects.list)'],
];

/**
 * Asks the store for what the clean-up needs, too.
 * @throws Error that names the option and the fix
 */
export async function checkBucket(api: GcsApi, bucket: string, prefix: string): Promise<void> {
  try {
    await api.list({ prefix, maxResults: 1 });
  } catch (error) {
    const { status = '', message = String(error) } = error instanceof GcsError ? error : {};
    const fix =
      FIXES.find(([words]) => words.test(`${status} ${message}`))?.[1] ??
      'see that "apiEndpoint" in "clientConfig" or STORAGE_EMULATOR_HOST is right and that the store is up, or set "checkBucket" to false';
    throw new Error(
      `GcsStorage: the option "bucket" is ${bucket}, which cannot be used: ${fix}. ${message}`,
      {
        cause: error,
      },
    );
  }
}
