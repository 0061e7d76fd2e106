import { pieces, verify } from '../content.mjs';
import { measure } from '../measure.mjs';
import { head, must, RawConnection } from '../raw-connection.mjs';
import { BYTES } from '../tus-request.mjs';

const SIZE = 4096;
const CONNECTIONS = 32;

export const title = 'Uploads of 4 KiB, 32 at once';
export const how =
  '32 connections each make one upload after the other: first with the bytes in the POST, then with a POST and a PATCH. ' +
  'Uploads a second, and milliseconds of CPU for each.';
export const bound =
  'waking threads. An upload makes five calls of the file system and shares a sync of the folder and two or three statements with others; each wakes a thread, which takes the main thread 15 to 25 µs here: a third of its time. The rest is HTTP and Nest, about 150 µs a request. With better-sqlite3 the statements run in the main thread.';
export const servers = [
  'nestjs-tus',
  'nestjs-tus-better-sqlite3',
  'nestjs-tus-fastify',
  'tus-server',
  'tus-server-in-nest',
  'resumable-upload',
  'writev',
  'sink',
];
export const needs = ['creation-with-upload'];
export const ceiling = ['in the POST, /s', 'POST + PATCH, /s'];

export async function run(server, { quick }) {
  const count = quick ? 2_000 : 10_000;
  const inPost = await rate(server, count, async (connection) => {
    const headers = { ...BYTES, 'upload-length': SIZE, 'content-length': SIZE };
    const created = await connection.request(head('POST', server.path, headers), pieces(0, SIZE));
    must(201, created);
    return created.path;
  });
  const withPatch = await rate(server, count, async (connection) => {
    const created = await connection.request(
      head('POST', server.path, { 'upload-length': SIZE, 'content-length': 0 }),
    );
    must(201, created);
    const headers = { ...BYTES, 'upload-offset': 0, 'content-length': SIZE };
    must(204, await connection.request(head('PATCH', created.path, headers), pieces(0, SIZE)));
    return created.path;
  });
  return {
    'in the POST, /s': [count / inPost.seconds],
    'in the POST, CPU ms': [(inPost.cpu * 1000) / count],
    'POST + PATCH, /s': [count / withPatch.seconds],
    'POST + PATCH, CPU ms': [(withPatch.cpu * 1000) / count],
  };
}

async function rate(server, count, upload) {
  const connections = [];
  for (let i = 0; i < CONNECTIONS; i++) {
    const connection = await RawConnection.open(server.address);
    // One that is not measured, so that it is accepted before the next one comes: a server may let few wait for that.
    await upload(connection);
    connections.push(connection);
  }
  const paths = [];
  const measured = await measure(server, () =>
    Promise.all(
      connections.map(async (connection) => {
        while (paths.length + CONNECTIONS <= count) paths.push(await upload(connection));
      }),
    ),
  );
  for (const connection of connections) connection.close();
  for (const path of paths.slice(0, 100)) await verify(server, path, SIZE);
  return measured;
}
