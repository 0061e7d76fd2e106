import { measure } from '../measure.mjs';
import { head, must, RawConnection } from '../raw-connection.mjs';
import { quantile } from '../statistics.mjs';
import { fillRows, rowName } from '../upload-rows.mjs';

const CONNECTIONS = 4;
const COUNTS = { '1,000 uploads': 1_000, '1,000,000 uploads': 1_000_000 };

export const title = 'HEAD with 1,000,000 uploads on record';
export const how =
  `${CONNECTIONS} connections ask by HEAD for the offset of one upload after the other, 40,000 times in all (--quick: ` +
  '4,000), each of an upload taken at random. The rows stand in the SQLite file before the server starts.';
export const bound =
  'the same statement by the primary key, in a turn of the thread that reads; the B-tree of a million rows is one level deeper.';
export const servers = Object.entries(COUNTS).map(([name, count]) => ({
  name,
  server: 'nestjs-tus',
  prepare: (directory) => fillRows(directory, count),
}));
export const ownProcess = true;

export async function run(server, { quick }) {
  const count = quick ? 4_000 : 40_000;
  const times = [];
  const { seconds, cpu } = await measure(server, () =>
    Promise.all(Array.from({ length: CONNECTIONS }, () => ask(server, count / CONNECTIONS, times))),
  );
  return {
    'p50, ms': [quantile(times, 0.5)],
    'p99, ms': [quantile(times, 0.99)],
    '/s': [count / seconds],
    'CPU ms each': [(cpu * 1000) / count],
  };
}

async function ask(server, count, times) {
  const connection = await RawConnection.open(server.address);
  for (let i = 0; i < count; i++) {
    // All but the one that the server made are copies.
    const number = 1 + Math.floor(Math.random() * (COUNTS[server.name] - 1));
    const began = performance.now();
    must(200, await connection.request(head('HEAD', `${server.path}/${rowName(number)}`)));
    times.push(performance.now() - began);
  }
  connection.close();
}
