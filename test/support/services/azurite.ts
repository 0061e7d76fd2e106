import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Loopback } from './loopback.js';
import { startServer } from './server-process.js';
import type { RunningServer } from './server-process.js';
import type { Service } from './with-service.js';

const program = fileURLToPath(
  new URL('../../../node_modules/azurite/dist/src/blob/main.js', import.meta.url),
);

/** The account that Azurite always has; its key is no secret. */
export const ACCOUNT = 'devstoreaccount1';
export const ACCOUNT_KEY =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** How to reach a server that speaks Azure's Blob API; JSON can carry it to another process. */
export interface AzureAddress {
  /** Without the account. */
  readonly endpoint: string;
  readonly connectionString: string;
}

interface AzuriteOptions {
  /** Keeps blobs in files instead of memory. */
  readonly large?: boolean;
  /** Speaks HTTPS: tokens of Azure AD go over nothing else. */
  readonly https?: Loopback;
}

/** Azurite, which comes from npm. */
export const AZURITE: Service & {
  start(options?: AzuriteOptions): Promise<RunningServer & { readonly address: AzureAddress }>;
} = {
  name: 'Azurite',
  found: existsSync(program),
  start: async ({ large = false, https } = {}) => {
    const server = await startServer({
      name: 'azurite',
      prepare: (folder) => {
        if (https) {
          writeFileSync(join(folder, 'certificate.pem'), https.certificate);
          writeFileSync(join(folder, 'key.pem'), https.key);
        }
        return [];
      },
      command: (folder, port) => [
        ...[process.execPath, program, '--blobHost', '127.0.0.1', '--blobPort', String(port)],
        ...(large ? ['--location', folder] : ['--inMemoryPersistence']),
        // The SDK may speak a newer version of the protocol than Azurite has heard of.
        ...['--skipApiVersionCheck', '--disableTelemetry', '--silent'],
        ...(https ? ['--oauth', 'basic', ...pair(folder)] : []),
      ],
      ready: /successfully listens/,
      signal: 'SIGKILL',
    });
    const scheme = https ? 'https' : 'http';
    return { ...server, address: addressAt(`${scheme}://127.0.0.1:${server.port}`) };
  },
};

function pair(folder: string): string[] {
  return ['--cert', join(folder, 'certificate.pem'), '--key', join(folder, 'key.pem')];
}

/** The account at another place, such as a proxy. */
export function addressAt(endpoint: string): AzureAddress {
  const words = {
    DefaultEndpointsProtocol: new URL(endpoint).protocol.slice(0, -1),
    AccountName: ACCOUNT,
    AccountKey: ACCOUNT_KEY,
    BlobEndpoint: `${endpoint}/${ACCOUNT}`,
  };
  const connectionString = Object.entries(words)
    .map(([name, value]) => `${name}=${value};`)
    .join('');
  return { endpoint, connectionString };
}
