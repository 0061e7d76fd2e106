import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ClientFolder, MIB } from './client-folder.js';

const CLIENT = fileURLToPath(new URL('./memory-client.mjs', import.meta.url));
const SIZE = 512 * MIB;

let folder: ClientFolder;
let server: Server;
let received: number;

beforeEach(async () => {
  folder = await ClientFolder.make();
  const file = await open(folder.at('sparse'), 'w');
  await file.truncate(SIZE);
  await file.close();
  received = 0;
  server = sink();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await folder.remove();
});

it.each([{ parallelUploads: 1 }, { parallelUploads: 4 }, { parallelUploads: 4, checksum: 'sha256' }])(
  'A client needs less than 100 MiB, however large the file is: %j',
  async (options) => {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/files`;
    const task = { endpoint, path: folder.at('sparse'), options };
    const env = { PATH: process.env.PATH, TUS_CLIENT: JSON.stringify(task) };
    const { stdout } = await promisify(execFile)(process.execPath, [CLIENT], { env });
    expect(received).toBe(SIZE);
    expect(Number(stdout) / 1024).toBeLessThan(100);
  },
  120_000,
);

/** Takes everything and keeps nothing. */
function sink(): Server {
  const offsets = new Map<string, number>();
  return createServer((request, response) => {
    const { method, url = '' } = request;
    if (method === 'OPTIONS') {
      const abilities = {
        'Tus-Extension': 'creation,concatenation,checksum',
        'Tus-Checksum-Algorithm': 'sha256',
      };
      return void response.writeHead(204, abilities).end();
    }
    if (method === 'POST') {
      const location = `/files/${offsets.size}`;
      offsets.set(location, 0);
      return void response.writeHead(201, { Location: location, 'Upload-Offset': 0 }).end();
    }
    request.on('data', (piece: Buffer) => {
      received += piece.length;
      offsets.set(url, (offsets.get(url) ?? 0) + piece.length);
    });
    request.on('end', () => response.writeHead(204, { 'Upload-Offset': offsets.get(url) ?? 0 }).end());
  });
}
