import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CompletionRelay } from '../../src/events/relay/completion-relay.js';
import type { OnUploadComplete } from '../../src/index.js';
import { TypeOrmDeliveryRepository } from '../../src/repository/typeorm/typeorm-delivery-repository.js';
import { TypeOrmRetryRepository } from '../../src/repository/typeorm/typeorm-retry-repository.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import { gate } from '../reliability/faults.js';
import { completeSingle, found } from '../repository/fixtures.js';
import { sqliteTestDatabase } from '../repository/sqlite-database.js';
import type { SqliteTestDatabase } from '../repository/sqlite-database.js';

type Hook = OnUploadComplete['onUploadComplete'];

/** More than a claim lasts: without renewal it would run out twice. */
const SECONDS = 12;
/** All but timers, and the clock that they go by. */
const GOING_ON = [
  ...(['Date', 'hrtime', 'nextTick', 'queueMicrotask'] as const),
  ...(['setImmediate', 'clearImmediate'] as const),
];

describe('of two processes over one database, while a hook of one takes longer than a claim lasts', () => {
  let database: SqliteTestDatabase;
  let uploads: TypeOrmUploadRepository;
  let relays: CompletionRelay[];
  let told: string[];

  beforeEach(async () => {
    database = await sqliteTestDatabase();
    uploads = new TypeOrmUploadRepository(database.connection, 'files');
    relays = [];
    told = [];
    jest.useFakeTimers({ doNotFake: GOING_ON });
  });
  afterEach(async () => {
    jest.useRealTimers();
    await Promise.all(relays.map((relay) => relay.stop()));
    await database.close();
  });

  /** A process with repositories of its own. */
  function relayWith(hooks: Record<string, Hook>, concurrency = 10): CompletionRelay {
    const relay = new CompletionRelay({
      deliveries: new TypeOrmDeliveryRepository(database.connection, 'files'),
      retries: new TypeOrmRetryRepository(database.connection, 'files'),
      settings: {
        attempts: 9,
        firstDelay: 3_600_000,
        longestDelay: 7_200_000,
        concurrency,
        elsewhere: false,
      },
      findHooks: () =>
        Object.entries(hooks).map(([name, onUploadComplete]) => ({ name, hook: { onUploadComplete } })),
      onError: () => undefined,
      onLong: ({ id }, provider, minutes) => told.push(`${provider} ${id} ${minutes}`),
    });
    relays.push(relay);
    return relay;
  }

  /** A second for the claims in the database, and for those who renew them. */
  async function second(): Promise<void> {
    const { connection } = database;
    await connection.change('UPDATE tus_upload SET delivery_until = delivery_until - 1000');
    await connection.change('UPDATE tus_delivery SET due_at = due_at - 1000 WHERE due_at IS NOT NULL');
    await jest.advanceTimersByTimeAsync(1_000);
    // Behind what they have asked of it.
    await connection.query('SELECT 1');
  }

  /** The other process looks each second. */
  async function watch(other: CompletionRelay, seconds = SECONDS): Promise<void> {
    for (let n = 0; n < seconds; n++) {
      await second();
      await other.catchUp();
    }
  }

  /** Until all that has returned is on record, which waits a moment for more of it. */
  async function ended(work: Promise<void>): Promise<void> {
    const end = { reached: false };
    void work.then(() => (end.reached = true));
    while (!end.reached) await jest.advanceTimersByTimeAsync(25);
  }

  it('the upload is not delivered by the other one', async () => {
    const { opened, open } = gate();
    const calls: string[] = [];
    const busy = relayWith({ Videos: () => (calls.push('busy'), opened) });
    const other = relayWith({ Videos: () => void calls.push('other') });
    const id = await completeSingle(uploads);
    busy.deliver(await found(uploads, id));
    await watch(other);
    open();
    await ended(busy.stop());
    await watch(other);
    expect(calls).toEqual(['busy']);
    expect((await found(uploads, id)).delivery).toBeNull();
  });

  it('the provider that runs is not called by the other one, also where another has failed and the marker is gone', async () => {
    const { opened, open } = gate();
    const calls: string[] = [];
    const failing = () => Promise.reject(new Error('not yet'));
    const busy = relayWith({ Images: failing, Videos: () => (calls.push('busy'), opened) });
    const other = relayWith({ Videos: () => void calls.push('other') });
    const id = await completeSingle(uploads);
    busy.deliver(await found(uploads, id));
    while ((await found(uploads, id)).delivery !== null);
    await watch(other);
    open();
    await ended(busy.stop());
    await watch(other);
    expect(calls).toEqual(['busy']);
    expect(await rows()).toEqual(['Images']);
  });

  it('nor is one that is called again', async () => {
    const { opened, open } = gate();
    const [again, calls] = [gate(), [] as string[]];
    const busy = relayWith({
      Videos: () => {
        calls.push('busy');
        if (calls.length === 1) throw new Error('not yet');
        again.open();
        return opened;
      },
    });
    const other = relayWith({ Videos: () => void calls.push('other') });
    const id = await completeSingle(uploads);
    busy.deliver(await found(uploads, id));
    await ended(busy.idle());
    await database.connection.change('UPDATE tus_delivery SET due_at = 0');
    await busy.catchUp();
    await again.opened;
    await watch(other);
    open();
    await ended(busy.stop());
    await watch(other);
    expect(calls).toEqual(['busy', 'busy']);
    expect(await rows()).toEqual([]);
  });

  it('nor is what waits in it for a place', async () => {
    const { opened, open } = gate();
    const calls: string[] = [];
    const busy = relayWith({ Videos: ({ id }) => (calls.push(`busy ${id}`), opened) }, 1);
    const other = relayWith({ Videos: ({ id }) => void calls.push(`other ${id}`) });
    const ids = [await completeSingle(uploads), await completeSingle(uploads)];
    for (const id of ids) busy.deliver(await found(uploads, id));
    await watch(other);
    expect(calls).toEqual([`busy ${ids[0]}`]);
    open();
    await ended(busy.idle());
    await ended(busy.stop());
    expect(calls).toEqual(ids.map((id) => `busy ${id}`));
  });

  it('what waits in it is delivered by the other one, once no place has come free for 30 s, and by itself when one has', async () => {
    const [one, others, last] = [gate(), gate(), gate()];
    const calls: string[] = [];
    const busy = relayWith(
      {
        Videos: ({ id }) => {
          calls.push(`busy ${id}`);
          if (calls.length > 3) last.open();
          return calls.length === 1 ? one.opened : others.opened;
        },
      },
      3,
    );
    const other = relayWith({ Videos: ({ id }) => void calls.push(`other ${id}`) });
    const ids: string[] = [];
    const completed = async () => {
      const id = await completeSingle(uploads);
      ids.push(id);
      busy.deliver(await found(uploads, id));
    };
    for (const _ of [1, 2, 3, 4]) await completed();
    await watch(other, 29);
    expect(calls).toEqual(ids.slice(0, 3).map((id) => `busy ${id}`));
    await watch(other);
    expect(calls.splice(3)).toEqual([`other ${ids[3]}`]);
    // It does not wait in vain.
    await completed();
    await watch(other);
    expect(calls.splice(3)).toEqual([`other ${ids[4]}`]);
    await completed();
    for (let n = 0; n < SECONDS; n++) await second();
    one.open();
    await last.opened;
    expect(calls.slice(3)).toEqual([`busy ${ids[5]}`]);
    others.open();
    await ended(busy.stop());
  });

  it('the log says so after five minutes, and each hour', async () => {
    const [one, another] = [gate(), gate()];
    const busy = relayWith({
      Videos: () => one.opened,
      Images: () => undefined,
      Sounds: () => another.opened,
    });
    const id = await completeSingle(uploads);
    busy.deliver(await found(uploads, id));
    await jest.advanceTimersByTimeAsync(299_999);
    expect(told).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(told).toEqual([`Videos ${id} 5`, `Sounds ${id} 5`]);
    another.open();
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(told.slice(2)).toEqual([`Videos ${id} 65`]);
    one.open();
    await ended(busy.stop());
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(told).toHaveLength(3);
  });

  /** Providers that have deliveries of their own on record. */
  async function rows(): Promise<string[]> {
    const sql = 'SELECT provider FROM tus_delivery';
    return (await database.connection.query<{ provider: string }>(sql)).map(({ provider }) => provider);
  }
});
