import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { median } from './statistics.mjs';

const FILE = new URL('../docs/benchmarks.md', import.meta.url);

/** A section of the page: what was measured, and a table of medians and ranges, a column for each server. */
export function report({ title, how }, results) {
  const peers = [...results.keys()];
  const [first] = results.values();
  const rows = Object.keys(first).map((figure) => {
    const cells = peers.map((peer) => cell(results.get(peer)[figure]));
    return `| ${[figure, ...cells].join(' | ')} |`;
  });
  const head = [`| median (range) | ${peers.join(' | ')} |`, `| --- |${' ---: |'.repeat(peers.length)}`];
  return [`## ${title}`, '', how, '', ...head, ...rows, '', conditions(), ''].join('\n');
}

function cell(samples) {
  const [least, most] = [Math.min(...samples), Math.max(...samples)].map(short);
  return samples.length === 1 ? least : `${short(median(samples))} (${least}–${most})`;
}

/** Puts the section in the place of its last measurement, or behind the others. */
export async function save(name, workload, results) {
  const page = await readFile(FILE, 'utf8');
  const [begin, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->\n`];
  const section = `${begin}\n${report(workload, results)}\n${end}`;
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  const text =
    from < 0
      ? `${page.trimEnd()}\n\n${section}`
      : page.slice(0, from) + section + page.slice(to + end.length);
  await writeFile(FILE, text);
}

function conditions() {
  const [first] = cpus();
  const revision = execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, revision ${revision}, Node ${process.versions.node}, ${cpus().length} cores (${first.model}), ${memory}.`;
}

function short(value) {
  return value >= 100
    ? value.toFixed(0)
    : value >= 10
      ? value.toFixed(1)
      : value.toFixed(2).replace(/\.?0+$/, '');
}
