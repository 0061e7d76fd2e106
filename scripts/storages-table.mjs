// Writes docs/storages.md from docs/storages.json, which test/e2e/stores/costs.spec.ts compares with what it measures.
// With --measure that spec measures the figures anew, all of them; with --check nothing is written, and it fails if the page
// is out of date.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'docs', 'storages.md');
const source = join(root, 'docs', 'storages.json');

/** Heading of the column -> name in the figures. The local disk is asked by no request. */
const STORAGES = {
  LocalStorage: undefined,
  S3Storage: 's3',
  GcsStorage: 'gcs',
  AzureStorage: 'azure',
};

const INTRODUCTION = `# What storages cost

Requests to the store, and bytes to it and from it, for the same work on each storage: with the options as they are by
default, and with what goes on in the background once the client has its answer. The figures are those that
\`test/e2e/stores/costs.spec.ts\` compares with what it counts before MinIO, versitygw, fake-gcs-server and Azurite;
\`node scripts/storages-table.mjs\` makes this page of them. LocalStorage has no store to ask: it is not
measured. How each storage works: [S3](s3.md), [Google Cloud Storage](gcs.md), [Azure](azure.md).
`;

const NOTES = `Bytes that come back are tails: what a request has left behind that is too small for a part of S3. Stores bill by the
kind of request; these are the kinds:
`;

const measured = process.argv.includes('--measure');
const json = measured ? measure() : readFileSync(source, 'utf8');
const figures = JSON.parse(json);
const scenarios = [...new Set(Object.values(figures).flatMap(Object.keys))];
for (const api of Object.values(STORAGES)) {
  const gap = api && scenarios.find((scenario) => figures[api]?.[scenario] === undefined);
  if (gap === undefined) continue;
  console.error(`There is no figure of ${api} for "${gap}": measure with all services (npm run services).`);
  process.exit(1);
}
if (measured) writeFileSync(source, json);

/** What the spec has measured; nothing that is no scenario any more stays. */
function measure() {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-tus-costs-'));
  try {
    const file = join(folder, 'storages.json');
    const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'];
    const env = { ...process.env, STORAGES_MEASURE: file };
    const { status } = spawnSync(process.execPath, [...jest, 'test/e2e/stores/costs.spec.ts'], {
      ...{ cwd: root, stdio: 'inherit', env },
    });
    if (status !== 0) throw new Error('What was measured is not what it should be.');
    return readFileSync(file, 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function table(cell) {
  return [
    `| | ${Object.keys(STORAGES).join(' | ')} |`,
    `| --- |${' --- |'.repeat(Object.keys(STORAGES).length)}`,
    ...scenarios.map((scenario) => {
      const cells = Object.values(STORAGES).map((api) => (api ? cell(figures[api][scenario]) : 'none'));
      return `| ${scenario} | ${cells.join(' | ')} |`;
    }),
    '',
  ].join('\n');
}

function summary({ requests, sent, returned }) {
  const count = Object.values(requests).reduce((sum, number) => sum + number, 0);
  if (count === 0) return 'none';
  const bytes = [sent > 0 && `${sent} MiB to it`, returned > 0 && `${returned} MiB back`].filter(Boolean);
  return [`${count} request${count === 1 ? '' : 's'}`, ...bytes].join(', ');
}

function kinds({ requests }) {
  const counted = Object.entries(requests).map(([kind, count]) => `${count} ${kind}`);
  return counted.length === 0 ? 'none' : counted.join('<br>');
}

const after = [INTRODUCTION, table(summary), NOTES, table(kinds)].join('\n');
if (!process.argv.includes('--check')) writeFileSync(page, after);
else if (readFileSync(page, 'utf8') !== after) {
  console.error('docs/storages.md is out of date: run node scripts/storages-table.mjs');
  process.exitCode = 1;
}
console.log(`${scenarios.length} scenarios.`);
if (scenarios.length === 0) process.exitCode = 1;
