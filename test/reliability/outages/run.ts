import { hastyClient } from '../../support/hasty-client.js';
import { S3App } from '../../support/s3-app.js';
import type { S3Kind } from '../../support/s3-proxy/request-kind.js';
import type { S3Suite } from '../../support/services/each-s3-service.js';
import { Random } from '../random.js';
import { Client } from './client.js';
import { findings } from './findings.js';
import { faultsOf, planOf } from './plan.js';
import type { OutagePlan } from './plan.js';
import { SCENARIOS } from './scenarios.js';
import type { Known } from './scenarios.js';

const LEAST_PART = 5 * 1024 ** 2;

export interface Outcome {
  readonly plan: OutagePlan;
  /** A sentence for each thing that was wrong. */
  readonly problems: readonly string[];
  /** The requests to the store that went wrong. */
  readonly suffered: readonly S3Kind[];
}

/** Clients whose store fails as the seed says, and a look at what is left once it does no more. */
export async function run(suite: S3Suite, seed: number): Promise<Outcome> {
  const random = new Random(seed);
  const plan = planOf(random);
  const problems: string[] = [];
  const known: Known = { complete: [], ended: [], contents: new Map() };
  const app = await S3App.start(suite, {
    storage: (endpoint) => ({
      client: hastyClient({ ...suite.address, endpoint }),
      partSize: LEAST_PART,
    }),
    tus: { respondAfter: plan.respondAfter },
  });
  const recover = () => void (app.proxy.faults = () => undefined);
  const client = new Client({ endpoint: app.endpoint, problems, recover });
  try {
    app.proxy.faults = faultsOf(plan, seed);
    await SCENARIOS[plan.scenario]({ client, random, known, maintain: () => app.maintain() });
    await app.maintain();
    recover();
    await app.settle();
    await forget(app, known);
    await app.settle();
    problems.push(...(await findings(app, known)));
  } catch (error) {
    problems.push(error instanceof Error ? (error.stack ?? '') : String(error));
  } finally {
    await app.stop();
  }
  const suffered = app.proxy.requests.flatMap(({ kind, fault }) => (fault ? [kind] : []));
  return { plan, problems, suffered };
}

/** Ends what no client knows of, and partials, as a day would. */
async function forget(app: S3App, { complete }: Known): Promise<void> {
  await app.rows(
    `UPDATE tus_upload SET expires_at = 1 WHERE (kind = 'partial' AND content = 'stored' AND state <> 'gone')
    OR (state = 'open' AND id NOT IN (${complete.map(() => '?').join(', ')}))`,
    complete,
  );
}
