import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UploadEvents } from '../../src/index.js';
import { content } from '../support/content.js';
import { withService } from '../support/services/with-service.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import { callPython, PYTHON_CLIENT, resultOf } from './python-client.js';
import type { PythonLine } from './python-client.js';

const MIB = 1024 * 1024;
const answered = (lines: readonly PythonLine[], method: string, status: number) =>
  lines.filter((line) => line.method === method && line.status === status).length;

withService(PYTHON_CLIENT, () => {
  describe.each(PLATFORMS)('the client of resumable-upload from PyPI, on platform-%s', (platform) => {
    let app: TusApp;
    let folder: string;
    let path: string;
    const bytes = content(9 * MIB + 7, 1);
    const completed: string[] = [];

    beforeAll(async () => {
      app = await TusApp.start({ platform });
      app.get(UploadEvents).completed$.subscribe(({ upload: { id } }) => completed.push(id));
      folder = await mkdtemp(join(tmpdir(), 'nestjs-tus-python-'));
      path = join(folder, 'large.bin');
      await writeFile(path, bytes);
    });
    afterAll(async () => {
      await app.stop();
      await rm(folder, { recursive: true, force: true });
    });

    const idOf = (url: string) => url.split('/').at(-1) ?? '';
    const expectStored = async (url: string, expected = bytes) => {
      const stored = await readFile(join(app.directory, idOf(url)));
      expect(stored.equals(expected)).toBe(true);
      expect(completed.filter((id) => id === idOf(url))).toHaveLength(1);
    };

    it.each([true, 'sha256'])(
      'CHK-01 uploads a file in one stream, with the checksum %s of each chunk',
      async (checksum) => {
        const { endpoint } = app;
        const options = { checksum, chunk_size: 4 * MIB };
        await expectStored(
          await resultOf({ endpoint, call: 'upload_file', arguments: { file_path: path }, options }),
        );
      },
    );

    it('CON-07 uploads a file in four ranges at once, which the server merges', async () => {
      const before = completed.length;
      const given = { file_path: path, parallel_uploads: 4, metadata: { purpose: 'test' } };
      await expectStored(await resultOf({ endpoint: app.endpoint, call: 'upload_file', arguments: given }));
      expect(completed).toHaveLength(before + 1);
    });

    it('CON-07 uploads two partials and the final, each in a process of its own', async () => {
      const { endpoint } = app;
      const halves = [bytes.subarray(0, 5 * MIB), bytes.subarray(5 * MIB)];
      const urls: string[] = [];
      for (const [index, half] of halves.entries()) {
        const file_path = join(folder, `half-${index}`);
        await writeFile(file_path, half);
        urls.push(await resultOf({ endpoint, call: 'create_partial_upload', arguments: { file_path } }));
      }
      const given = { partial_urls: urls, metadata: { filename: 'whole.bin' } };
      await expectStored(await resultOf({ endpoint, call: 'create_final_upload', arguments: given }));
    });

    it.each([1, 3])('CORE-07 goes on with %d ranges where a killed process had stopped', async (ranges) => {
      const call = {
        endpoint: app.endpoint,
        call: 'upload_file',
        arguments: { file_path: path, parallel_uploads: ranges },
        options: { chunk_size: MIB },
        remember: join(folder, `urls-${ranges}.json`),
      } as const;
      const killed = await callPython(call, (lines) => answered(lines, 'PATCH', 204) === 4);
      const resumed = await callPython(call);
      const posts = [killed, resumed].map((lines) => answered(lines, 'POST', 201));
      // The second process creates the final and nothing else.
      expect(posts).toEqual(ranges === 1 ? [1, 0] : [ranges, 1]);
      const chunks = ranges * Math.ceil(bytes.length / ranges / MIB);
      expect(answered(resumed, 'PATCH', 204)).toBeLessThanOrEqual(chunks - 4);
      await expectStored(resumed.at(-1)?.result ?? '');
    });

    it('CON-12 is told that a final cannot be made of a partial that is unknown', async () => {
      const partial_urls = [`${app.endpoint}/unknown`];
      const given = {
        endpoint: app.endpoint,
        call: 'create_final_upload',
        arguments: { partial_urls },
      } as const;
      const last = (await callPython(given)).at(-1);
      expect(last?.error).toBe('TusCommunicationError');
      expect(last?.message).toContain('400');
    });
  });
});
