import type { AzureApi } from './azure.api.js';
import { AzureError } from './azure.error.js';
import type { Keys } from './keys.js';

const FIXES: readonly [words: RegExp, fix: string][] = [
  [/ContainerNotFound/, 'create it, or name another one with the option "container"'],
  [
    /failed to authenticate|AuthenticationFailed|InvalidAuthenticationInfo|CredentialUnavailable|AuthenticationRequired|ResourceNotFound/,
    'give the right account and its key, in "connectionString", or a "client" with a credential that is valid',
  ],
  [
    /Authorization|answered 403 /,
    'allow this credential what docs/azure.md lists, and this machine in the firewall',
  ],
  [/ENOTFOUND|EAI_AGAIN/, 'see that the name of the account is right'],
];

/**
 * Reads a blob that does not exist: unlike that to a HEAD, the answer says what is wrong.
 * @throws Error that names the option and the fix
 */
export async function checkContainer(
  { api, keys }: { readonly api: AzureApi; readonly keys: Keys },
  container: string,
): Promise<void> {
  try {
    const { body } = await api.get(keys.nothing());
    body.destroy();
  } catch (error) {
    if (error instanceof AzureError && error.code === 'BlobNotFound') return;
    const { code = '', message = String(error) } = error instanceof AzureError ? error : {};
    const fix =
      FIXES.find(([words]) => words.test(`${code} ${message}`))?.[1] ??
      'see that the store is up and can be reached, or set "checkContainer" to false';
    throw new Error(
      `AzureStorage: the option "container" is ${container}, which cannot be used: ${fix}. ${message}`,
      { cause: error },
    );
  }
}
