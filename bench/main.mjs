// npm run bench -- [WORKLOAD…] [--quick] [--peer NAME=URL,PID]…: measures, prints, and (but for --quick) writes
// docs/benchmarks.md. npm run bench -- --ci: the short form, which fails when a ratio is below half of its target.
import { parseArgs } from 'node:util';
import { shortForm } from './ci.mjs';
import { contendersOf } from './contenders.mjs';
import { HandStartedServer } from './hand-started-server.mjs';
import { repeat } from './repeat.mjs';
import { report, save } from './report.mjs';
import { load, workloadNames } from './workload-list.mjs';

const REPETITIONS = 5;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    ci: { type: 'boolean', default: false },
    peer: { type: 'string', multiple: true, default: [] },
  },
});
const wrong = positionals.filter((name) => !workloadNames.includes(name));
if (wrong.length > 0) {
  console.error(`There is no workload ${wrong.join(', ')}; there are ${workloadNames.join(', ')}.`);
  process.exit(2);
}

let byHand = [];
try {
  byHand = values.peer.map((text) => HandStartedServer.parse(text));
} catch (error) {
  console.error(error.message);
  process.exit(2);
}

if (values.ci) {
  const broken = await shortForm();
  for (const line of broken) console.error(`Broken: ${line}`);
  if (broken.length > 0) process.exitCode = 1;
} else {
  for (const name of positionals.length > 0 ? positionals : workloadNames) await measure(name);
}

async function measure(name) {
  const workload = await load(name);
  const { contenders, leftOut } = await contendersOf(workload, byHand);
  const repetitions = values.quick ? 1 : (workload.repetitions ?? REPETITIONS);
  const { results, failed } = await repeat(workload, contenders, { repetitions, quick: values.quick });
  const section = report({ name, workload, results, leftOut: [...leftOut, ...failed] });
  console.log(section);
  if (!values.quick) await save(name, section);
}
