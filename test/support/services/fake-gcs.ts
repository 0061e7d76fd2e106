import { join } from 'node:path';
import { findBinary } from './find-binary.js';
import { startServer } from './server-process.js';
import type { RunningServer } from './server-process.js';
import type { Service } from './with-service.js';

const fakeGcs = findBinary('fake-gcs-server');

/** How to reach a store that speaks the JSON API of Google Cloud Storage; it asks for no credentials. */
export interface GcsAddress {
  readonly apiEndpoint: string;
  readonly projectId: string;
}

/** fake-gcs-server, which keeps all in memory, unless it is to be large: files know no versions. */
export const FAKE_GCS: Service & {
  start(options?: { readonly large?: boolean }): Promise<RunningServer & { readonly address: GcsAddress }>;
} = {
  name: 'fake-gcs-server',
  found: fakeGcs !== undefined,
  start: async ({ large = false } = {}) => {
    if (!fakeGcs) throw new Error('fake-gcs-server is not installed: npm run services');
    const server = await startServer({
      name: 'fake-gcs',
      // By itself it takes gibibytes of memory for a gibibyte in files.
      ...(large && { env: { GOMEMLIMIT: '1GiB' } }),
      command: (folder, port) => [
        ...[fakeGcs, ...(large ? ['-filesystem-root', join(folder, 'data')] : ['-backend', 'memory'])],
        ...['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port)],
        // What a resumable upload goes on with is a URL of its own, which the server has to know.
        ...['-external-url', `http://127.0.0.1:${port}`, '-public-host', `127.0.0.1:${port}`],
      ],
      ready: /server started/,
      signal: 'SIGKILL',
    });
    return { ...server, address: { apiEndpoint: `http://127.0.0.1:${server.port}`, projectId: 'test' } };
  },
};
