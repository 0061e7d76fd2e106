import { readFile, writeFile } from 'node:fs/promises';
import { judge } from './judge.mjs';
import { median, short } from './statistics.mjs';
import { machine, versions } from './versions.mjs';

const FILE = new URL('../docs/benchmarks.md', import.meta.url);

/** A section of the page: what was measured, a row of medians and ranges for each server, and the targets. */
export function report({ name, workload, results, leftOut }) {
  const { title, how, bound } = workload;
  return [
    `## ${title}`,
    how,
    figures(results),
    ...leftOut.map((server) => `Left out: ${server.name} (${server.reason}).`),
    ...ceiling(workload, results),
    ...judged(judge(name, results)),
    ...(bound ? [`What bounds it: ${bound}`] : []),
    conditions(results),
    '',
  ].join('\n\n');
}

function figures(results) {
  const names = Object.keys([...results.values()][0]);
  const rows = [...results].map(([server, all]) => [server, ...names.map((name) => cell(all[name]))]);
  return table(['median (range)', ...names], rows);
}

function table(head, rows) {
  const lines = [head, ['---', ...head.slice(1).map(() => '---:')], ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function cell(samples) {
  if (!samples || samples.some(Number.isNaN)) return '–';
  const [least, most] = [Math.min(...samples), Math.max(...samples)].map(short);
  return samples.length === 1 ? least : `${short(median(samples))} (${least}–${most})`;
}

/** What the load reaches against a server that does nothing: no server can show more. */
function ceiling({ ceiling: names }, results) {
  const sink = results.get('sink');
  if (!names || !sink) return [];
  const reached = names.map((name) => `${name} ${cell(sink[name])}`).join('; ');
  return [`The load's own ceiling, against \`sink\`, which keeps nothing: ${reached}.`];
}

function judged(all) {
  if (all.length === 0) return [];
  const rows = all.map(({ server, figure, wanted, value, share, than }) => {
    const unknown = Number.isNaN(share);
    return [
      `${server}: ${figure}`,
      wanted,
      unknown ? '–' : `${short(value)}${than ? ' ×' : ''}`,
      unknown ? 'not measured' : share >= 1 ? 'yes' : 'no',
    ];
  });
  return [table(['target', 'wanted', 'measured', 'met'], rows)];
}

function conditions(results) {
  const samples = [...results.values()].flatMap(Object.values).filter(({ length }) => length > 1);
  const spreads = samples
    .map((values) => (Math.max(...values) - Math.min(...values)) / median(values))
    .filter(Number.isFinite);
  const noise =
    spreads.length > 0
      ? `; half of the ranges are within ${short(median(spreads) * 100)} % of the median`
      : '';
  const day = new Date().toISOString().slice(0, 10);
  return `${day}; ${versions(results.keys())}; ${machine()}${noise}.`;
}

/** Puts the section in the place of its last measurement, or behind the others. */
export async function save(name, section) {
  const page = await readFile(FILE, 'utf8');
  const [begin, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->\n`];
  const marked = `${begin}\n${section}${end}`;
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  const text =
    from < 0 ? `${page.trimEnd()}\n\n${marked}` : page.slice(0, from) + marked + page.slice(to + end.length);
  await writeFile(FILE, text);
}
