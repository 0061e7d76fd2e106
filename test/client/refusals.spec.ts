import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import {
  MemoryUrlStore,
  TusClient,
  TusClientOptionError,
  TusResponseError,
  TusUnsupportedError,
  UploadInterruptedError,
} from '../../src/client/index.js';
import { ClientFolder, failure, MIB } from './client-folder.js';
import { TusPeer } from './tus-peer.js';

let folder: ClientFolder;
let peer: TusPeer;
let client: TusClient;
let path: string;

beforeEach(async () => {
  folder = await ClientFolder.make();
  peer = await new TusPeer().start();
  client = new TusClient({ endpoint: peer.endpoint, retryDelays: [0] });
  ({ path } = await folder.file(MIB));
});
afterEach(async () => {
  await peer.stop();
  await folder.remove();
});

describe('a call that cannot be', () => {
  it.each<[string, () => Promise<unknown>, string]>([
    [
      'a stream in ranges',
      () => client.uploadFile(Readable.from(['a']), { parallelUploads: 4 }),
      'option "parallelUploads" is 4; give the path of a file: a stream cannot be cut.',
    ],
    [
      'ranges that stop early',
      () => client.uploadFile(path, { parallelUploads: 4, stopAt: 10 }),
      'option "stopAt" is 10; leave it out where parallelUploads is above 1.',
    ],
    [
      'a stream that stops early',
      () => client.uploadFile(Readable.from(['a']), { stopAt: 1 }),
      'option "stopAt" is 1; give the path of a file',
    ],
    [
      'a stream that is verified',
      () => client.uploadFile(Readable.from(['a']), { verify: true }),
      'option "verify" is true; give the path of a file',
    ],
    [
      'a file with another size',
      () => client.uploadFile(path, { size: 3 }),
      'option "size" is 3; leave it out',
    ],
    ['nothing to upload', () => client.uploadFile(undefined as never), 'option "input" is undefined; give'],
    ['bytes', () => client.uploadFile(Buffer.alloc(2) as never), 'option "input" is <Buffer 00 00>'],
    [
      'a stream of the web',
      () => client.createPartialUpload(new Blob(['a']).stream() as never),
      'give the path of a file or a stream of Node',
    ],
    ['a URL of a file', () => client.uploadFile(pathToFileURL(path) as never), 'give the path of a file or'],
    ['no list of partials', () => client.createFinalUpload(undefined as never), '"partialUrls" is undefined'],
    ['one partial', () => client.createFinalUpload('http://h/1' as never), '"partialUrls" is \'http://h/1\''],
    ['an empty list of partials', () => client.createFinalUpload([]), 'option "partialUrls" is []'],
    [
      'a partial without its host',
      () => client.createFinalUpload(['/files/1']),
      '"partialUrls" is \'/files/1\'',
    ],
    [
      'a path as the URL',
      () => client.info('/files/1'),
      'option "url" is \'/files/1\'; give an absolute URL',
    ],
    [
      'an option that there is not',
      () => client.uploadFile(path, { parallel: 4 } as object),
      'option "parallel" is 4; leave it out',
    ],
    [
      'an option of another call',
      () => client.createPartialUpload(path, { parallelUploads: 4 } as object),
      'option "parallelUploads" is 4; leave it out',
    ],
    [
      'no endpoint',
      () => new TusClient().uploadFile(path),
      'option "endpoint" is undefined; say where uploads are created.',
    ],
    [
      'a header of tus, from a function',
      () => client.uploadFile(path, { headers: () => ({ 'Upload-Length': '1' }) }),
      'leave "Upload-Length" out',
    ],
    [
      'a function without headers',
      () => client.uploadFile(path, { headers: (() => undefined) as never }),
      'return names and values of text from the function.',
    ],
  ])('is refused with a sentence before anything is sent: %s', async (_what, call, sentence) => {
    const error = await failure(call());
    expect(error).toBeInstanceOf(TusClientOptionError);
    expect(error.message).toContain(sentence);
    expect(peer.requests).toEqual([]);
  });

  it('is refused for metadata that cannot be sent, also of a final', async () => {
    const metadata = { 'two words': '' };
    const final = client.createFinalUpload([`${peer.endpoint}/1`], { metadata });
    for (const error of [await failure(client.uploadFile(path, { metadata })), await failure(final)]) {
      expect(error).toBeInstanceOf(TusClientOptionError);
      expect(error.message).toMatch(/option "metadata" is .+; give other keys: .*a key has a character/);
    }
    expect(peer.requests).toEqual([]);
  });
});

it.each<[string, unknown]>([
  ['that end with a line', { authorization: 'Bearer s3cret\n' }],
  ['that are no object', 'Bearer s3cret'],
  ['beside one of tus', { authorization: 'Bearer s3cret', 'upload-length': '1' }],
  ['from a function', () => ({ authorization: 'Bearer s3cret\n' })],
  ['of which one is no text', { authorization: 'Bearer s3cret', count: 1 }],
])('Headers %s are refused without being shown', async (_what, headers) => {
  const error = await failure(client.uploadFile(path, { headers } as object));
  expect(error).toBeInstanceOf(TusClientOptionError);
  expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain('s3cret');
});

it('Partials are named as a URL has them: a space would be two of them', async () => {
  const urls = [`${peer.endpoint}/a b`, `${peer.endpoint}/é`];
  let sent: string | string[] | undefined;
  peer.fault = ({ method, headers }, response) => {
    if (method === 'POST') sent = headers['upload-concat'];
    return method === 'POST' && Boolean(response.writeHead(400).end());
  };
  await failure(client.createFinalUpload(urls));
  expect(sent).toBe(`final;${peer.endpoint}/a%20b ${peer.endpoint}/%C3%A9`);
});

it.each([{ chunkSize: 1 }, { checksum: 'sha1' }, { mergeTimeout: 1 }, { urlStore: new MemoryUrlStore() }])(
  'A download is refused options that mean nothing there: %j',
  async (options) => {
    const error = await failure(client.download(`${peer.endpoint}/1`, folder.at('copy'), options as object));
    expect(error.message).toContain('leave it out: there is no such option here');
  },
);

it.each([{ headers: ['a'] }, { metadata: ['a'] }])('A list is not names with values: %j', async (options) => {
  expect(await failure(client.uploadFile(path, options as object))).toBeInstanceOf(TusClientOptionError);
});

describe('a server that offers no concatenation', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['ranges', () => client.uploadFile(path, { parallelUploads: 4 })],
    ['a partial', () => client.createPartialUpload(path)],
    ['a partial of a stream', () => client.createPartialUpload(Readable.from(['a']))],
    ['a final', () => client.createFinalUpload([`${peer.endpoint}/1`])],
  ])('is named before any byte is sent, and asked once: %s (CLI-07)', async (_what, call) => {
    peer.extensions = 'creation,checksum';
    for (let time = 0; time < 2; time++) {
      const error = await failure(call());
      expect(error).toBeInstanceOf(TusUnsupportedError);
      expect(error.message).toContain(`The server at ${peer.endpoint} does not offer concatenation`);
    }
    expect(peer.requests).toEqual(['OPTIONS /files']);
  });

  it('still takes an empty file, and one in a single stream, unasked', async () => {
    peer.extensions = '';
    const { path: empty } = await folder.file(0, 'empty');
    await client.uploadFile(empty, { parallelUploads: 4 });
    await client.uploadFile(path);
    expect(peer.requests.filter((request) => request.startsWith('OPTIONS'))).toEqual([]);
  });

  it('may know no OPTIONS at all (CLI-07)', async () => {
    peer.fault = ({ method }, response) => method === 'OPTIONS' && Boolean(response.writeHead(405).end());
    expect(await failure(client.createPartialUpload(path))).toBeInstanceOf(TusUnsupportedError);
    await client.uploadFile(path);
    peer.fault = undefined;
    await client.createPartialUpload(path);
  });

  it.each<[string, (signal: AbortSignal) => Promise<unknown>, object]>([
    ['ranges', (signal) => client.uploadFile(path, { parallelUploads: 4, signal }), { resumable: false }],
    [
      'a stream',
      (signal) => client.createPartialUpload(Readable.from(['a']), { signal }),
      { resumable: false },
    ],
    [
      'a final',
      (signal) => client.createFinalUpload([`${peer.endpoint}/1`], { signal }),
      { name: 'AbortError' },
    ],
  ])(
    'is waited for no longer than the signal allows, and its connection is closed: %s',
    async (_what, call, error) => {
      const stop = new AbortController();
      let closed: Promise<unknown> | undefined;
      peer.fault = ({ socket }) => {
        closed = once(socket, 'close');
        stop.abort();
        return true;
      };
      expect(await failure(call(stop.signal))).toMatchObject(error);
      await closed;
    },
  );

  it('is still waited for by others when one is stopped', async () => {
    const stop = new AbortController();
    const release: (() => unknown)[] = [];
    peer.fault = ({ method }, response) => {
      const answer = { 'Tus-Extension': 'creation,concatenation' };
      return method === 'OPTIONS' && release.push(() => response.writeHead(204, answer).end()) > 0;
    };
    const asked = once(peer.arrivals, 'request');
    const stopped = client.createPartialUpload(path, { signal: stop.signal });
    const other = client.createPartialUpload(path);
    await asked;
    stop.abort();
    expect(await failure(stopped)).toBeInstanceOf(UploadInterruptedError);
    for (const answer of release) answer();
    expect(peer.at(await other).concat).toBe('partial');
    expect(peer.requests.filter((request) => request.startsWith('OPTIONS'))).toHaveLength(1);
  });

  it('is asked again when it could not answer', async () => {
    let failures = 2;
    peer.fault = ({ method }, response) =>
      method === 'OPTIONS' && failures-- > 0 && Boolean(response.writeHead(503).end());
    expect(await failure(client.createPartialUpload(path))).toBeInstanceOf(TusResponseError);
    await client.createPartialUpload(path);
  });
});

it('A checksum that the server does not verify is refused before any byte is sent (CLI-07, CLI-09)', async () => {
  const error = await failure(client.uploadFile(path, { checksum: 'sha512' }));
  expect(error).toBeInstanceOf(TusUnsupportedError);
  expect(error.message).toBe(`The server at ${peer.endpoint} does not verify sha512; it has sha1, sha256.`);
  expect(peer.requests).toEqual(['OPTIONS /files']);
});

describe('an option of the client', () => {
  it.each([
    [{ endpoint: '/files' }, '"endpoint" is \'/files\'; give a URL'],
    [{ headers: { 'tus-resumable': '0.2.2' } }, 'leave "tus-resumable" out'],
    [{ headers: { 'a b': '1' } }, '"a b" cannot be sent like this'],
    [{ headers: { a: '1\r\nb: 2' } }, '"a" cannot be sent like this'],
    [{ headers: { a: 1 } }, '"headers" is'],
    [{ retryDelays: [-1] }, '"retryDelays" is [ -1 ]; give a list of milliseconds'],
    [{ retryDelays: [2 ** 31] }, '"retryDelays" is [ 2147483648 ]; give a list of milliseconds, each a day'],
    [{ retryDelays: ['5'] }, '"retryDelays" is'],
    [{ headers: ['x: 1'] }, '"headers" is wrong; give names and values'],
    [{ requestTimeout: 1.5 }, '"requestTimeout" is 1.5'],
    [{ chunkSize: 0 }, '"chunkSize" is 0; give whole bytes, 1 or more'],
    [{ checksum: 'crc32' }, '"checksum" is \'crc32\'; use one of sha1, sha256, sha512, md5'],
    [{ urlStore: {} }, '"urlStore" is {}; give a store such as new FileUrlStore(directory)'],
    [{ mergeTimeout: 'never' }, '"mergeTimeout" is \'never\''],
    [{ stopAt: 1 }, '"stopAt" is 1; leave it out'],
  ])('that is wrong is named when the client is made: %j', (options, sentence) => {
    expect(() => new TusClient(options as object)).toThrow(sentence);
  });
});
