import {
  BlobSASPermissions,
  generateBlobSASQueryParameters,
  SASProtocol,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import type { BlobServiceClient, UserDelegationKey } from '@azure/storage-blob';
import type { AzureApi, CopySource } from './azure.api.js';

type TokenCredential = Extract<BlobServiceClient['credential'], { getToken: unknown }>;

const MINUTE = 60 * 1000;
/** Milliseconds for which the URL of a source can be read: copies begin at once. */
const SAS_LIFETIME = 15 * MINUTE;
/** The clock of the store may be behind by so much. */
const SKEW = 15 * MINUTE;
const KEY_LIFETIME = 24 * 60 * MINUTE;
/** What Azure AD calls the service. */
const SCOPE = 'https://storage.azure.com/.default';

/** How the store is allowed to read a blob that it copies. */
export interface CopyWay {
  readonly name: string;
  /** For one request, of a blob of the container. */
  source(blob: string, abortSignal: AbortSignal): Promise<CopySource>;
}

export interface CopyWayDeps {
  readonly api: AzureApi;
  readonly client: BlobServiceClient;
  readonly container: string;
}

/** All ways that the credential of the client has, the best one first. */
export function copyWays(deps: CopyWayDeps): readonly CopyWay[] {
  const { credential } = deps.client;
  if (credential instanceof StorageSharedKeyCredential) return [accountKey(deps, credential)];
  if ('getToken' in credential) return [delegationKey(deps), bearerToken(deps, credential)];
  return [ownUrl(deps)];
}

/** A client that was made with a SAS has it in each URL. */
function ownUrl({ api }: CopyWayDeps): CopyWay {
  return { name: 'the SAS of the client', source: async (blob) => ({ url: api.urlOf(blob) }) };
}

function accountKey(deps: CopyWayDeps, credential: StorageSharedKeyCredential): CopyWay {
  const signed = (blob: string) => generateBlobSASQueryParameters(reading(deps, blob), credential);
  return {
    name: 'a SAS signed with the account key',
    source: async (blob) => ({ url: `${deps.api.urlOf(blob)}?${signed(blob).toString()}` }),
  };
}

function delegationKey(deps: CopyWayDeps): CopyWay {
  const { api, client } = deps;
  let known: Promise<UserDelegationKey> | undefined;
  let renewAt = 0;
  const key = (abortSignal: AbortSignal) => {
    const now = Date.now();
    if (known && now < renewAt) return known;
    renewAt = now + KEY_LIFETIME / 2;
    const [from, until] = [new Date(now - SKEW), new Date(now + KEY_LIFETIME)];
    const asked = client.getUserDelegationKey(from, until, { abortSignal });
    known = asked;
    const forget = () => {
      if (known === asked) known = undefined;
    };
    asked.catch(forget);
    // Another try does not wait for one that never answers.
    abortSignal.addEventListener('abort', forget, { once: true });
    return asked;
  };
  return {
    name: 'a SAS signed with a user delegation key',
    source: async (blob, abortSignal) => {
      const delegated = await key(abortSignal);
      const signed = generateBlobSASQueryParameters(reading(deps, blob), delegated, client.accountName);
      return { url: `${api.urlOf(blob)}?${signed.toString()}` };
    },
  };
}

function bearerToken({ api }: CopyWayDeps, credential: TokenCredential): CopyWay {
  return {
    name: 'copy-source authorization',
    source: async (blob, abortSignal) => ({
      url: api.urlOf(blob),
      token: (await credential.getToken(SCOPE, { abortSignal }))?.token,
    }),
  };
}

function reading({ client, container }: CopyWayDeps, blob: string) {
  return {
    containerName: container,
    blobName: blob,
    permissions: BlobSASPermissions.parse('r'),
    expiresOn: new Date(Date.now() + SAS_LIFETIME),
    protocol: client.url.startsWith('https:') ? SASProtocol.Https : SASProtocol.HttpsAndHttp,
  };
}
