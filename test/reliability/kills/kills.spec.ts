import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { MortalServer } from '../../support/mortal-server.js';
import { rowsSay, sqlite } from '../../support/rows.js';
import { Random } from '../random.js';
import { uploadUntilTheEnd } from './clients.js';
import type { Known } from './clients.js';
import { Journal } from './journal.js';

/** Kills, in turn at each of the moments. */
const RUNS = Number(process.env.KILLS_RUNS ?? 30);
/** Always the same here; `npm run kills` takes another each time. */
const SEED = Number(process.env.KILLS_SEED ?? 1);
const CLIENTS = 4;
const SCRIPT = fileURLToPath(new URL('./server.mjs', import.meta.url));

/** Between the completing statement and the hook, in the hook, and between the hook and the end of the marker. */
const POINTS = ['before', 'inside', 'after'] as const;

/** What is on the way to its delivery, or to its merge. */
const UNDER_WAY = `SELECT id FROM tus_upload AS upload WHERE delivery IS NOT NULL
  OR EXISTS (SELECT 1 FROM tus_delivery WHERE upload_id = upload.id) OR state IN ('finishing', 'merging', 'terminating') OR (state = 'pending' AND NOT EXISTS (
    SELECT 1 FROM tus_final_partial JOIN tus_upload AS partial ON partial.id = partial_id
    WHERE final_id = upload.id AND partial.state <> 'complete'))`;
const COMPLETED = `SELECT id FROM tus_upload WHERE state = 'complete' AND kind <> 'partial'`;
const OPEN = 'SELECT id FROM tus_upload WHERE delivery IS NOT NULL UNION SELECT upload_id FROM tus_delivery';
/** Hooks throw now and then, and are soon called again. */
const THROWS = 0.2;
const DELIVERY = { attempts: 1_000, firstDelay: 20, longestDelay: 100 };

it(
  `kill -9 around OnUploadComplete, ${RUNS} times: each upload is delivered, twice only what was under way, partials never (promise 5)`,
  async () => {
    process.stdout.write(`kills: ${RUNS} from seed ${SEED}\n`);
    const server = await MortalServer.make();
    const known: Known = { completed: new Set(), partials: new Set() };
    const open = new Set<string>();
    try {
      for (let run = 0; run < RUNS; run++) {
        await killed(server, SEED + run, known);
        for (const { id } of await sqlite<{ id: string }>(server.directory, OPEN)) open.add(id);
      }
      await server.restart({ script: SCRIPT, tus: { delivery: DELIVERY } });
      await rowsSay(server.directory, UNDER_WAY, (rows) => rows.length === 0);
      const completed = await sqlite<{ id: string }>(server.directory, COMPLETED);
      const journal = await Journal.read(server.journal);
      const delivered = [...journal.delivered];
      expect(delivered.toSorted()).toEqual(completed.map(({ id }) => id).toSorted());
      expect([...known.completed].filter((id) => !journal.delivered.has(id))).toEqual([]);
      expect([...known.partials].filter((id) => journal.called.has(id))).toEqual([]);
      expect(journal.repeated.filter((id) => !open.has(id) && !journal.failed.has(id))).toEqual([]);
      expect(journal.failed.size).toBeGreaterThan(0);
      expect(completed.length).toBeGreaterThan(RUNS);
      const told = `kills: ${completed.length} uploads, ${journal.repeated.length} calls repeated`;
      process.stdout.write(`${told}\n`);
    } finally {
      await server.remove();
    }
  },
  60_000 + RUNS * 20_000,
);

/** One process, which dies of its own accord while clients upload. */
async function killed(server: MortalServer, seed: number, known: Known): Promise<void> {
  const random = new Random(seed);
  const point = POINTS[seed % POINTS.length];
  const kill = { point, late: random.chance(0.5), after: random.below(8), throws: THROWS };
  await server.restart({ script: SCRIPT, kill, tus: { delivery: DELIVERY } });
  const clients = Array.from({ length: CLIENTS }, () =>
    uploadUntilTheEnd(server.endpoint, random.fork(), known),
  );
  await Promise.all(clients);
  const signal = await server.process.ended;
  if (signal !== 'SIGKILL')
    throw new Error(`${JSON.stringify({ seed, kill })}: the server ended with ${signal}`);
}
