import { verify } from '../content.mjs';
import { measure } from '../measure.mjs';
import { merge, sendPartial } from '../partials.mjs';
import { RawConnection } from '../raw-connection.mjs';

const GIB = 1024 ** 3;
const PARTIALS = 4;

export const title = '1 GiB in 4 partials and their merge';
export const how =
  '4 connections at once send a quarter of 1 GiB (--quick: 256 MiB) each, in one PATCH, to a partial of their own; then ' +
  'the final is asked for, until HEAD tells its whole length. Figures are for each GiB.';
export const bound =
  'the upload by the main thread, which receives for all connections; the merge by memory. The first partial becomes the final as it is, and a loop that only copies the other 768 MiB by calls that do not leave their thread takes two thirds of the time.';
export const servers = ['nestjs-tus', 'nestjs-tus-better-sqlite3', 'nestjs-tus-fastify', 'resumable-upload'];
export const needs = ['concatenation'];

export async function run(server, { quick }) {
  const length = quick ? GIB / 4 : GIB;
  const each = length / PARTIALS;
  const connections = await Promise.all(
    Array.from({ length: PARTIALS }, () => RawConnection.open(server.address)),
  );
  let paths;
  const upload = await measure(server, async () => {
    const partials = connections.map((connection, index) => ({ connection, start: index * each }));
    paths = await Promise.all(
      partials.map(({ connection, start }) => sendPartial(connection, server, { start, length: each })),
    );
  });
  let path;
  const merged = await measure(server, async () => {
    path = await merge(connections[0], server, { paths, length });
  });
  for (const connection of connections) connection.close();
  await verify(server, path, length);
  const perGib = (value) => [(value * GIB) / length];
  return {
    'upload, s': perGib(upload.seconds),
    'merge, s': perGib(merged.seconds),
    'total, s': perGib(upload.seconds + merged.seconds),
    'CPU of the upload, s': perGib(upload.cpu),
    'CPU of the merge, s': perGib(merged.cpu),
    'highest RSS, MiB': [Math.max(upload.rss, merged.rss)],
  };
}
