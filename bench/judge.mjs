import { median } from './statistics.mjs';
import { targets } from './targets.mjs';

/**
 * The targets of a workload, of servers that were measured: each in words, its `value`, and the `share` of the target
 * that is reached (1 and above: met). Both are not numbers where something that it needs was not measured.
 */
export function judge(workload, results) {
  return targets
    .filter((target) => target.workload === workload && results.has(target.server))
    .map((target) => ({ ...target, ...measured(target, results), wanted: inWords(target) }));
}

function measured({ server, figure, than, faster, more, atMost }, results) {
  const ours = middle(results, server, figure);
  const theirs = than ? middle(results, than.server ?? server, than.figure ?? figure) : 1;
  if (faster) return { value: theirs / ours, share: theirs / ours / faster };
  const value = ours / theirs;
  // Nothing of what may not be: 0 of 0.
  return {
    value,
    share: more ? value / more : value <= atMost ? Math.max(1, atMost / value || 1) : atMost / value,
  };
}

function middle(results, server, figure) {
  const samples = results.get(server)?.[figure];
  return samples ? median(samples) : Number.NaN;
}

function inWords({ server, than, faster, more, atMost }) {
  const other = than && [than.server ?? server, than.figure].filter(Boolean).join(': ');
  if (faster) return `≥ ${faster} × as fast as ${other}`;
  if (more) return `≥ ${more} × ${other}`;
  return other ? `≤ ${atMost} × ${other}` : `≤ ${atMost}`;
}
