import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { ServerDatabase } from '../../repository/server-database.js';
import { fileSays } from '../../support/files.js';
import { MortalServer } from '../../support/mortal-server.js';
import { call, tus } from '../../support/raw-http.js';
import type { ServerProcess } from '../../support/server-process.js';
import { POSTGRES, startPostgres } from '../../support/services/postgres.js';
import { withService } from '../../support/services/with-service.js';
import { idOf, isCut } from './clients.js';
import { Journal } from './journal.js';

const UPLOADS = 1_000;
/** Clients of each process. */
const CLIENTS = 4;
const SCRIPT = fileURLToPath(new URL('./server.mjs', import.meta.url));
const BYTES = { 'upload-length': '5', 'content-type': 'application/offset+octet-stream' };

withService(POSTGRES, () => {
  const postgres = new ServerDatabase(startPostgres);
  let folder: MortalServer;
  const processes: ServerProcess[] = [];

  beforeAll(() => postgres.up(), 60_000);
  afterAll(() => postgres.down());
  afterEach(async () => {
    await Promise.all(processes.map((server) => server.kill()));
    await folder.remove();
  });

  it(`of ${UPLOADS} uploads to two processes each is delivered, also where one is killed half way; twice only what that one had in its hands`, async () => {
    folder = await MortalServer.make();
    const options = { script: SCRIPT, postgres: postgres.dataSource.options };
    // It dies in a call of its hook, half way through its share.
    const kill = { point: 'inside', late: true, after: UPLOADS / 4 };
    const mortal = await folder.another({ ...options, kill });
    const survivor = await folder.another(options);
    processes.push(mortal, survivor);

    const marked = mortal.ended.then(() => idsOf(`delivery = 'pending'`));
    const acknowledged = await uploaded([mortal, survivor]);
    expect(await mortal.ended).toBe('SIGKILL');
    const completed = await idsOf(`state = 'complete'`);
    await fileSays(folder.journal, (text) => Journal.of(text).delivered.size >= completed.length);

    const journal = await Journal.read(folder.journal);
    expect(acknowledged).toHaveLength(UPLOADS);
    expect(acknowledged.filter((id) => !completed.includes(id))).toEqual([]);
    expect([...journal.delivered].toSorted()).toEqual(completed.toSorted());
    // What it had called and not cleared was called again, once; nothing else was.
    const its = journal.calledBy(mortal.pid);
    const inItsHands = new Set((await marked).filter((id) => its.has(id)));
    expect(journal.repeated.filter((id) => !inItsHands.has(id))).toEqual([]);
    expect(new Set(journal.repeated).size).toBe(journal.repeated.length);
    expect(journal.returnedIn(mortal.pid)).toBe(UPLOADS / 4);
  }, 180_000);

  async function idsOf(condition: string): Promise<string[]> {
    const sql = `SELECT id FROM tus_upload WHERE ${condition}`;
    return (await postgres.connection.query<{ id: string }>(sql)).map(({ id }) => id);
  }

  /** Clients that go on with the other process where theirs has ended. Resolves with the ids that they were told. */
  async function uploaded(servers: readonly ServerProcess[]): Promise<string[]> {
    const ids: string[] = [];
    // Each process has its share, however slow it is: the mortal one comes to the call in which it dies.
    const left = servers.map(() => UPLOADS / servers.length);
    const clients = Array.from({ length: CLIENTS * servers.length }, async (_, n) => {
      const share = n % servers.length;
      let server = servers[share]!;
      while (left[share]! > 0) {
        left[share]! -= 1;
        ids.push(
          await posted(server).catch((error: unknown) => {
            if (!isCut(error)) throw error;
            server = servers.at(-1)!;
            return posted(server);
          }),
        );
      }
    });
    await Promise.all(clients);
    return ids;
  }

  async function posted({ endpoint }: ServerProcess): Promise<string> {
    const answer = await call({ method: 'POST', url: endpoint, headers: tus(BYTES), body: 'hello' });
    if (answer.status !== 201) throw new Error(`POST answered ${answer.status}: ${answer.body.toString()}`);
    return idOf(String(answer.headers.location));
  }
});
