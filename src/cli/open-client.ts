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

/** Remembers the last upload of each file, which is taken up if it is to be resumed, else replaced. */
export function urlStoreFor({ env }: Session, resume: boolean | undefined): UrlStore {
  const store = new FileUrlStore(stateDirectory(env));
  return {
    find: async (fingerprint) => {
      const found = await store.find(fingerprint);
      // As if the file had changed: nothing is taken up, and what has become useless is removed.
      return resume ? found : found.map((record) => ({ ...record, version: '' }));
    },
    save: (record) => store.save(record),
    remove: (record) => store.remove(record),
  };
}

/** Whether `--resume` would find something to go on with; false also where the store cannot be read. */
export async function isRemembered(
  session: Session,
  client: TusClient,
  { file, endpoint }: { readonly file: string; readonly endpoint: string },
): Promise<boolean> {
  const urlStore = urlStoreFor(session, true);
  return client.findPreviousUploads(file, { endpoint, urlStore }).then(
    (found) => found.length > 0,
    () => false,
  );
}
