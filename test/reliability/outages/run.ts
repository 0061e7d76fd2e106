import { StoreApp } from '../../support/store-app.js';
import type { ObjectStore } from '../../support/stores/object-store.js';
import { Random } from '../random.js';
import { Client } from './client.js';
import { findings } from './findings.js';
import { faultsOf, planOf } from './plan.js';
import type { OutagePlan } from './plan.js';
import { SCENARIOS } from './scenarios.js';
import type { Known } from './scenarios.js';

/** Bytes: the least that S3 takes. */
const PART = 5 * 1024 ** 2;

export interface Outcome<Kind extends string> {
  readonly plan: OutagePlan<Kind>;
  /** A sentence for each thing that was wrong. */
  readonly problems: readonly string[];
  /** The requests to the store that went wrong. */
  readonly suffered: readonly Kind[];
}

/** Clients whose store fails as the seed says, and a look at what is left once it does no more. */
export async function run<Kind extends string>(
  store: ObjectStore<Kind>,
  seed: number,
): Promise<Outcome<Kind>> {
  const random = new Random(seed);
  const plan = planOf(store, random);
  const problems: string[] = [];
  const known: Known = { complete: [], ended: [], contents: new Map() };
  const app = await StoreApp.start(store, {
    storage: { hasty: true, partSize: PART },
    tus: { respondAfter: plan.respondAfter },
  });
  const recover = () => void (app.proxy.faults = () => undefined);
  const client = new Client({ endpoint: app.endpoint, problems, recover });
  try {
    app.proxy.faults = faultsOf(store, plan, seed);
    await SCENARIOS[plan.scenario]({ client, random, known, maintain: () => app.maintain() });
    await app.maintain();
    recover();
    await app.settle();
    await forget(app, known);
    problems.push(...(await settled(app, known)));
  } catch (error) {
    problems.push(error instanceof Error ? (error.stack ?? '') : String(error));
  } finally {
    await app.stop();
  }
  const suffered = app.proxy.requests.flatMap(({ kind, fault }) => (fault ? [kind] : []));
  return { plan, problems, suffered };
}

/** What is still wrong once nothing fails any more, but for what a slow machine does to a hasty storage. */
async function settled<Kind extends string>(app: StoreApp<Kind>, known: Known): Promise<string[]> {
  let found: string[] = [];
  for (let round = 0; round < 5; round++) {
    await app.settle();
    found = await findings(app, known);
    if (found.length === 0) break;
  }
  return found;
}

/** Ends what no client knows of, and partials, as a day would. */
async function forget(app: Pick<StoreApp<never>, 'rows'>, { complete }: Known): Promise<void> {
  await app.rows(
    `UPDATE tus_upload SET expires_at = 1 WHERE (kind = 'partial' AND content = 'stored' AND state <> 'gone')
    OR (state = 'open' AND id NOT IN (${complete.map(() => '?').join(', ')}))`,
    complete,
  );
}
