import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
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

/** Azurite, which comes from npm and keeps all in memory. */
export const AZURITE: Service & {
  start(options?: readonly string[]): Promise<RunningServer & { readonly address: AzureAddress }>;
} = {
  name: 'Azurite',
  found: existsSync(program),
  start: async (options = []) => {
    const server = await startServer({
      name: 'azurite',
      command: (_, port) => [
        ...[process.execPath, program, '--blobHost', '127.0.0.1', '--blobPort', String(port)],
        // The SDK may speak a newer version of the protocol than Azurite has heard of.
        ...['--inMemoryPersistence', '--skipApiVersionCheck', '--disableTelemetry', '--silent'],
        ...options,
      ],
      ready: /successfully listens/,
      signal: 'SIGKILL',
    });
    const scheme = options.includes('--cert') ? 'https' : 'http';
    return { ...server, address: addressAt(`${scheme}://127.0.0.1:${server.port}`) };
  },
};

const pem = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** A certificate for 127.0.0.1 and its key, which is no secret: tokens of Azure AD go over HTTPS only. */
export const CERTIFICATE = pem('loopback-cert.pem');
export const HTTPS = ['--cert', CERTIFICATE, '--key', pem('loopback-key.pem'), '--oauth', 'basic'];

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
