import { contendersOf } from './contenders.mjs';
import { judge } from './judge.mjs';
import { repeat } from './repeat.mjs';
import { short } from './statistics.mjs';
import { load } from './workload-list.mjs';

const PEER = 'tus-server';
const SERVERS = ['nestjs-tus', 'nestjs-tus-better-sqlite3', PEER];
const WORKLOADS = ['one-patch', 'many-patches', 'small-uploads'];
const REPETITIONS = 3;

/** A machine of CI is shared and small: only half of a target tells that something is broken. */
const SHARE = 0.5;

/** Measures some workloads in their small form beside @tus/server. Resolves with what falls below half of its target. */
export async function shortForm() {
  const broken = [];
  for (const name of WORKLOADS) {
    const workload = await load(name);
    const servers = workload.servers.filter((server) => SERVERS.includes(server));
    const { contenders, leftOut } = await contendersOf({ ...workload, servers }, []);
    broken.push(...leftOut.map(({ name: server, reason }) => `${name}: ${server} is left out: ${reason}`));
    const { results } = await repeat(workload, contenders, { repetitions: REPETITIONS, quick: true });
    for (const { server, figure, than, wanted, value, share } of judge(name, results)) {
      if (than?.server !== PEER) continue;
      const line = `${name}: ${server}, ${figure}: ${short(value)} × where ${wanted} is wanted`;
      console.log(line);
      // Also where a figure is missing: not a number is not enough.
      if (!(share >= SHARE)) broken.push(line);
    }
  }
  return broken;
}
