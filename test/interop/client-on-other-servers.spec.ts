import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { MemoryUrlStore, TusClient, TusUnsupportedError } from '../../src/client/index.js';
import { ClientFolder, failure, MIB } from '../client/client-folder.js';
import type { RunningServer } from '../support/services/server-process.js';
import { withService } from '../support/services/with-service.js';
import { PYTHON_SERVER, TUS_SERVER } from './other-servers.js';

for (const other of [TUS_SERVER, PYTHON_SERVER]) {
  withService(other, () => {
    describe(`the client, before ${other.name}`, () => {
      let folder: ClientFolder;
      let server: RunningServer;
      let client: TusClient;
      let endpoint: string;

      beforeAll(async () => {
        folder = await ClientFolder.make();
        server = await other.start();
        endpoint = `http://127.0.0.1:${server.port}/files`;
        client = new TusClient({ endpoint, urlStore: new MemoryUrlStore() });
      });
      afterAll(async () => {
        await server.stop();
        await folder.remove();
      });

      it('uploads a file, and goes on with one that was left', async () => {
        const { path, bytes } = await folder.file(5 * MIB, 'left.bin');
        const { url } = await client.uploadFile(path, { stopAt: 2 * MIB + 1, chunkSize: MIB });
        expect(await client.info(url)).toMatchObject({
          kind: 'single',
          offset: 2 * MIB + 1,
          length: 5 * MIB,
        });
        expect(await client.uploadFile(path)).toMatchObject({ url, resumed: true, offset: 5 * MIB });
        expect((await downloaded(url)).equals(bytes)).toBe(true);
        expect((await client.info(url)).metadata.get('filename')).toBe('left.bin');
      });

      it('uploads a stream, and an empty file', async () => {
        const { path, bytes } = await folder.file(3 * MIB, 'stream.bin', 2);
        const { url } = await client.uploadFile(createReadStream(path), { chunkSize: MIB, size: 3 * MIB });
        expect((await downloaded(url)).equals(bytes)).toBe(true);
        const { path: empty } = await folder.file(0, 'empty');
        expect(await client.uploadFile(empty, { parallelUploads: 4 })).toMatchObject({ offset: 0 });
      });

      it('removes an upload', async () => {
        const { path } = await folder.file(10, 'short', 3);
        const { url } = await client.uploadFile(path);
        await client.terminate(url);
        expect([404, 410]).toContain(Number(Object(await failure(client.info(url))).status));
      });

      async function downloaded(url: string): Promise<Buffer> {
        const { path } = await client.download(url, folder.at('downloaded'));
        return readFile(path);
      }

      if (other === TUS_SERVER) {
        it('learns that it merges nothing, before a byte is sent', async () => {
          const { path } = await folder.file(10, 'ranges', 4);
          const error = await failure(client.uploadFile(path, { parallelUploads: 4 }));
          expect(error).toBeInstanceOf(TusUnsupportedError);
          expect(error.message).toContain(endpoint);
        });
        return;
      }

      it('uploads in four ranges with checksums, is verified, and has partials merged by hand', async () => {
        const { path, bytes } = await folder.file(5 * MIB + 3, 'ranges', 4);
        const options = { parallelUploads: 4, checksum: 'sha1', verify: true } as const;
        const { url } = await client.uploadFile(path, options);
        expect((await downloaded(url)).equals(bytes)).toBe(true);
        const urls = [await client.createPartialUpload(path), await client.createPartialUpload(path)];
        const final = await client.createFinalUpload(urls, { metadata: { filename: 'twice' } });
        expect((await downloaded(final.url)).equals(Buffer.concat([bytes, bytes]))).toBe(true);
        expect((await client.info(final.url)).metadata.get('filename')).toBe('twice');
      });
    });
  });
}
