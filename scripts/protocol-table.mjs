// Fills the last column of the tables in docs/protocol.md from the titles of the tests in test/protocol-http that begin
// with the ids of rules. With --check it writes nothing, and fails if the page is out of date, a rule has no test, or a
// test names a rule that the page does not have.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'docs', 'protocol.md');
const tests = join(root, 'test', 'protocol-http');

const ID = '(?:CORE|OPT|CRE|EXP|CHK|TER|CON|OVR|CORS|GET)-\\d\\d';
const TITLE = new RegExp(`(['"])((?:${ID} )+)(.+?)\\1,`, 'g');
const ROW = new RegExp(`^\\| (${ID}) \\|([^|]*)\\|([^|]*)\\|.*$`, 'gm');

/** Rule id -> what shows it, in the order of the files. */
function readTitles() {
  const shown = new Map();
  for (const name of readdirSync(tests).toSorted()) {
    if (!name.endsWith('.spec.ts')) continue;
    for (const [, , ids, title] of readFileSync(join(tests, name), 'utf8').matchAll(TITLE)) {
      for (const id of ids.trim().split(' ')) {
        const entry = `${basename(name, '.spec.ts')}: ${title.replaceAll('|', '\\|')}`;
        shown.set(id, [...(shown.get(id) ?? []), entry]);
      }
    }
  }
  return shown;
}

const shown = readTitles();
const before = readFileSync(page, 'utf8');
const claimed = new Set();
const after = before.replace(ROW, (_, id, what, status) => {
  claimed.add(id);
  return `| ${id} |${what}|${status}| ${(shown.get(id) ?? []).join('<br>')} |`;
});

const problems = [
  ...[...claimed].filter((id) => !shown.has(id)).map((id) => `${id} has no test`),
  ...[...shown.keys()].filter((id) => !claimed.has(id)).map((id) => `${id} is not in docs/protocol.md`),
];
if (process.argv.includes('--check')) {
  if (before !== after) problems.push('docs/protocol.md is out of date: run node scripts/protocol-table.mjs');
} else {
  writeFileSync(page, after);
}
for (const problem of problems) console.error(problem);
console.log(`${claimed.size} rules, ${new Set([...shown.values()].flat()).size} tests.`);
if (claimed.size === 0 || problems.length > 0) process.exitCode = 1;
