import { FileUrlStore } from '../client/store/file-url-store.js';
import type { UrlStore } from '../client/store/url-store.js';
import type { TusClient } from '../client/tus-client.js';
import { headersFrom, stateDirectory } from './environment.js';
import { requirePackages } from './require-packages.js';
import type { Session } from './session.js';

/**
 * The client with the headers of the environment.
 * @throws CommandError if tus-js-client is not installed, or the environment is wrong.
 */
export async function openClient(command: string, { env }: Session): Promise<TusClient> {
  const headers = headersFrom(env);
  requirePackages(command, [['tus-js-client']]);
  // Loaded here, so that help needs no optional peer.
  const { TusClient: Client } = await import('../client/tus-client.js');
  return new Client({ headers });
}

/** Remembers each upload, and finds earlier ones if they are to be resumed. */
export function urlStoreFor({ env }: Session, resume: boolean | undefined): UrlStore {
  const store = new FileUrlStore(stateDirectory(env));
  return {
    find: async (fingerprint) => (resume ? store.find(fingerprint) : []),
    save: (record) => store.save(record),
    remove: (record) => store.remove(record),
  };
}
