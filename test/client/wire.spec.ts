import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Upload } from 'tus-js-client';
import { TusClient } from '../../src/client/index.js';
import { content } from '../support/content.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import { RecordingProxy, type Recorded } from './recording-proxy.js';

const SIZE = 5 * 1024 * 1024 + 3;
const NAMES = { filename: 'Räder.bin', filetype: 'application/octet-stream' };
/** An empty value, a name behind another key, and a type that the path gives. */
const METADATA = { empty: '', filename: 'Räder.bin', album: 'x' };

describe.each(PLATFORMS)('what goes over the wire, before %s', (platform) => {
  let folder: string;
  let path: string;
  let app: TusApp;
  let proxy: RecordingProxy;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'client-wire-'));
    path = join(folder, 'Räder.bin');
    await writeFile(path, content(SIZE, 1));
    app = await TusApp.start({ platform });
    proxy = await new RecordingProxy(app.endpoint).start();
  });
  afterEach(async () => {
    await proxy.stop();
    await app.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it.each([
    { parallelUploads: 1, chunkSize: undefined },
    { parallelUploads: 4, chunkSize: undefined },
    { parallelUploads: 4, chunkSize: 1024 * 1024 },
  ])(
    'is what tus-js-client sends, after one OPTIONS where ranges are merged: %j (CLI-01, CLI-06, CLI-10)',
    async ({ parallelUploads, chunkSize }) => {
      await withTusJsClient({ parallelUploads, chunkSize });
      const theirs = proxy.requests.splice(0);
      const client = new TusClient({ endpoint: proxy.endpoint });
      await client.uploadFile(path, { parallelUploads, metadata: METADATA, ...(chunkSize && { chunkSize }) });
      const ours = proxy.requests.splice(0);
      const asked = ours.filter(({ method }) => method === 'OPTIONS');
      expect(asked).toHaveLength(parallelUploads > 1 ? 1 : 0);
      expect(conversation(ours.filter((request) => !asked.includes(request)))).toEqual(conversation(theirs));
    },
  );

  it('asks a server for its extensions once (CLI-07)', async () => {
    const client = new TusClient({ endpoint: proxy.endpoint });
    await client.uploadFile(path, { parallelUploads: 2 });
    await client.uploadFile(path, { parallelUploads: 3, checksum: 'sha256' });
    expect(proxy.requests.filter(({ method }) => method === 'OPTIONS')).toHaveLength(1);
  });

  function withTusJsClient(options: { parallelUploads: number; chunkSize: number | undefined }) {
    const { parallelUploads, chunkSize = Infinity } = options;
    const input = createReadStream(path) as unknown as Buffer;
    return new Promise<void>((resolve, reject) => {
      new Upload(input, {
        ...{ endpoint: proxy.endpoint, parallelUploads, chunkSize, metadata: { ...METADATA, ...NAMES } },
        storeFingerprintForResuming: false,
        onSuccess: () => resolve(),
        onError: reject,
      }).start();
    });
  }
});

/** All requests, with their headers and sizes; ids are replaced by the range that has them, and ranges stand in order. */
function conversation(requests: readonly Recorded[]): string[] {
  const names = new Map<string, string>();
  const final = requests.map((request) => valueOf(request, 'upload-concat')).find(isFinal) ?? '';
  for (const [index, url] of final.slice('final;'.length).split(' ').entries()) {
    if (url !== '') names.set(url.split('/').at(-1) ?? '', `<range ${index}>`);
  }
  for (const { path } of requests) {
    const id = path.split('/')[2];
    if (id && !names.has(id)) names.set(id, '<upload>');
  }
  const said = requests.map(({ method, path, headers, received, status }) => {
    const fields = headers.map(([name, value]) => `${name}: ${value}`).toSorted();
    return named([method, path, `${received} bytes`, ...fields, `-> ${status}`].join('\n'), names);
  });
  return said.toSorted();
}

function named(text: string, names: ReadonlyMap<string, string>): string {
  return [...names].reduce((result, [id, name]) => result.replaceAll(id, name), text);
}

function valueOf({ headers }: Recorded, wanted: string): string {
  return headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? '';
}

function isFinal(concat: string): boolean {
  return concat.startsWith('final;');
}
