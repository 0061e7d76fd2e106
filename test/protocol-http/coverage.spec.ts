import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const SCRIPT = fileURLToPath(new URL('../../scripts/protocol-table.mjs', import.meta.url));
const PAGE = fileURLToPath(new URL('../../docs/protocol.md', import.meta.url));

/** The ids of a group from one number to another, without the numbers that are left out. */
function rules(group: string, last: number, without: readonly number[] = []): string[] {
  const numbers = Array.from({ length: last }, (_, index) => index + 1);
  return numbers
    .filter((number) => !without.includes(number))
    .map((number) => `${group}-${String(number).padStart(2, '0')}`);
}

describe('docs/protocol.md', () => {
  it('is what the titles of the tests say, with at least one test for every rule', () => {
    const { stderr, status } = spawnSync(process.execPath, [SCRIPT, '--check'], { encoding: 'utf8' });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });

  it('has every rule of the groups that the server claims', () => {
    const listed = [...readFileSync(PAGE, 'utf8').matchAll(/^\| ([A-Z]+-\d\d) \|/gm)].map(([, id]) => id);
    expect(listed).toEqual([
      ...rules('CORE', 30),
      ...rules('OPT', 9, [6]),
      ...rules('CRE', 25, [9, 18, 19]),
      ...rules('EXP', 8),
      ...rules('CHK', 16),
      ...rules('TER', 6),
      ...rules('CON', 33),
      ...rules('OVR', 5),
      ...rules('CORS', 10),
      ...rules('GET', 10),
    ]);
  });
});
