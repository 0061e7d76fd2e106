import type { Fault } from '../../support/faults/steps.mjs';
import type { Random } from '../random.js';

/** What one process of the server has to suffer. */
export type Suffering =
  | { readonly kind: 'fault'; readonly fault: Fault }
  /** It is killed once so many bytes were sent to it. */
  | { readonly kind: 'kill'; readonly afterBytes: number }
  /** It is stopped once so many bytes were sent to it, beyond its leases, while a second process takes over. */
  | { readonly kind: 'pause'; readonly afterBytes: number };

/** What goes wrong in a run, a process of the server after the other. */
export function planOf(random: Random): Suffering[] {
  return Array.from({ length: 1 + random.below(3) }, () => suffering(random));
}

function suffering(random: Random): Suffering {
  const kind = random.pick(['crash', 'crash', 'database', 'disk', 'disk', 'kill', 'pause'] as const);
  const afterBytes = random.below(400_000);
  if (kind === 'kill' || kind === 'pause') return { kind, afterBytes };
  return { kind: 'fault', fault: faultOf(random, kind) };
}

function faultOf(random: Random, kind: 'crash' | 'database' | 'disk'): Fault {
  if (kind === 'crash') {
    const only = random.pick(['', 'statement', 'file', 'file link', 'file unlink']);
    const at = random.below(only.startsWith('file ') ? 8 : 150);
    return { at, kind: random.pick(['crash', 'crash-after']), ...(only && { only }) };
  }
  const times = 1 + random.below(random.pick([1, 12]));
  if (kind === 'database') {
    return { at: random.below(120), kind: random.pick(['fail', 'lost']), times, only: 'statement' };
  }
  const only = random.pick(['writev', 'datasync', 'link', 'unlink', 'open', 'truncate', 'read', 'close', '']);
  return {
    ...{ at: random.below(only === '' ? 150 : 10), kind: random.pick(['fail', 'lost']), times },
    ...{ only: `file ${only}`, code: random.pick(['EIO', 'ENOSPC']) },
  };
}
