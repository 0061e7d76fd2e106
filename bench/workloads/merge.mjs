import { verify } from '../content.mjs';
import { measure } from '../measure.mjs';
import { merge, sendPartial } from '../partials.mjs';
import { RawConnection } from '../raw-connection.mjs';

const SIZE = 64 * 1024;
const COUNTS = [2, 10, 100, 1000];

export const title = 'Merge of 2 to 1,000 partials';
export const how =
  'Partials of 64 KiB are sent, then the final is asked for: milliseconds of its POST, until HEAD tells its whole length.';
export const bound =
  'the way of each small partial to a thread and back, three times (open, read, close), eight of them at once; then the rows of the list.';
export const servers = ['nestjs-tus', 'nestjs-tus-better-sqlite3', 'nestjs-tus-fastify', 'resumable-upload'];
export const needs = ['concatenation'];

export async function run(server) {
  const connection = await RawConnection.open(server.address);
  const figures = {};
  for (const count of COUNTS) {
    const paths = [];
    while (paths.length < count) {
      paths.push(await sendPartial(connection, server, { start: paths.length * SIZE, length: SIZE }));
    }
    const length = count * SIZE;
    let path;
    const { seconds } = await measure(server, async () => {
      path = await merge(connection, server, { paths, length });
    });
    await verify(server, path, length);
    figures[`${count}, ms`] = [seconds * 1000];
    figures[`${count}, ms a partial`] = [(seconds * 1000) / count];
  }
  connection.close();
  return figures;
}
