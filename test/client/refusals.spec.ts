import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import {
  InvalidMetadataError,
  TusClient,
  TusClientOptionError,
  TusResponseError,
  TusUnsupportedError,
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
  ])('is refused with a sentence before anything is sent: %s', async (_what, call, sentence) => {
    const error = await failure(call());
    expect(error).toBeInstanceOf(TusClientOptionError);
    expect(error.message).toContain(sentence);
    expect(peer.requests).toEqual([]);
  });

  it('is refused for metadata that cannot be sent, also of a final', async () => {
    const metadata = { 'two words': '' };
    expect(await failure(client.uploadFile(path, { metadata }))).toBeInstanceOf(InvalidMetadataError);
    const final = client.createFinalUpload([`${peer.endpoint}/1`], { metadata });
    expect(await failure(final)).toBeInstanceOf(InvalidMetadataError);
    expect(peer.requests).toEqual([]);
  });
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
