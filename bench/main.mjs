// npm run bench -- [WORKLOAD…] [--quick]: measures, prints, and (but for --quick) writes docs/benchmarks.md.
import { readdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { report, save } from './report.mjs';
import { ServerProcess } from './server-process.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
});
const known = (await readdir(new URL('./workloads/', import.meta.url))).map((file) =>
  file.replace('.mjs', ''),
);
const wrong = positionals.filter((name) => !known.includes(name));
if (wrong.length > 0) {
  console.error(`There is no workload ${wrong.join(', ')}; there are ${known.join(', ')}.`);
  process.exit(2);
}

/** Each repetition on fresh servers, one after the other, so that whatever else the machine does hits all of them. */
const REPETITIONS = values.quick ? 1 : 5;

for (const name of positionals.length > 0 ? positionals : known) {
  const workload = await import(`./workloads/${name}.mjs`);
  const results = new Map();
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    for (const peer of ['nestjs-tus', ...(workload.peers ?? [])]) {
      const figures = results.get(peer) ?? {};
      results.set(peer, figures);
      const server = await ServerProcess.start(peer);
      try {
        for (const [figure, samples] of Object.entries(await workload.run(server, values))) {
          (figures[figure] ??= []).push(...samples);
        }
      } finally {
        await server.stop();
      }
    }
  }
  console.log(report(workload, results));
  if (!values.quick) await save(name, workload, results);
}
