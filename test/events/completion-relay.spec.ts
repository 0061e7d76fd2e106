import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CompletionRelay } from '../../src/events/relay/completion-relay.js';
import type { OnUploadComplete } from '../../src/index.js';
import { TypeOrmDeliveryRepository } from '../../src/repository/typeorm/typeorm-delivery-repository.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import { age, completePartial, completeSingle, found } from '../repository/fixtures.js';
import { sqliteTestDatabase } from '../repository/sqlite-database.js';
import type { SqliteTestDatabase } from '../repository/sqlite-database.js';

describe('the relay of completion events', () => {
  let database: SqliteTestDatabase;
  let uploads: TypeOrmUploadRepository;
  let deliveries: TypeOrmDeliveryRepository;
  let relays: CompletionRelay[];
  let errors: [error: unknown, id: string][];

  beforeEach(async () => {
    database = await sqliteTestDatabase();
    uploads = new TypeOrmUploadRepository(database.connection, 'files');
    deliveries = new TypeOrmDeliveryRepository(database.connection, 'files');
    errors = [];
    relays = [];
  });
  afterEach(() => database.close());

  function relayWith(...hooks: OnUploadComplete['onUploadComplete'][]): CompletionRelay {
    const relay = new CompletionRelay({
      deliveries,
      onError: (error, { id }) => errors.push([error, id]),
      retryMilliseconds: 0,
    });
    relays.push(relay);
    relay.use(hooks.map((onUploadComplete, n) => ({ name: `hook-${n}`, hook: { onUploadComplete } })));
    return relay;
  }

  /** What one round of maintenance does, to its end. */
  async function round(relay: CompletionRelay): Promise<void> {
    await relay.catchUp();
    await relay.idle();
    await relay.idle();
  }

  /** An upload whose event a process has claimed that does not exist any more. */
  async function abandoned(): Promise<string> {
    const id = await completeSingle(uploads);
    await age(database.connection, id, { column: 'delivery_until', by: 10_000 });
    return id;
  }

  it('takes up what a crash has left, however much it is', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 250; n++) ids.push(await abandoned());
    const told: string[] = [];
    await new Promise<void>((resolve) => {
      const relay = relayWith(({ id }) => {
        told.push(id);
        if (told.length === ids.length) resolve();
      });
      void relay.catchUp();
    });
    await relays.at(-1)?.stop();
    expect(told.toSorted()).toEqual(ids.toSorted());
    expect(await deliveries.claim(10)).toEqual([]);
  });

  it('leaves alone what another process is still at work on', async () => {
    await completeSingle(uploads);
    const told: string[] = [];
    await round(relayWith(({ id }) => void told.push(id)));
    expect(told).toEqual([]);
  });

  it('lets two processes share the work, each event for one of them', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 20; n++) ids.push(await abandoned());
    const told: string[] = [];
    const pair = [1, 2].map(() => relayWith(({ id }) => void told.push(id)));
    await Promise.all(pair.map(round));
    expect(told.toSorted()).toEqual(ids.toSorted());
  });

  it('calls again what threw, tells of it each time, and calls the hooks in order', async () => {
    const id = await abandoned();
    const told: string[] = [];
    let failures = 2;
    const relay = relayWith(
      () => void told.push('first'),
      async () => {
        told.push('second');
        if (failures-- > 0) throw new Error('not yet');
      },
      () => void told.push('third'),
    );
    for (let n = 0; n < 4; n++) await round(relay);
    expect(told).toEqual(['first', 'second', 'first', 'second', 'first', 'second', 'third']);
    expect(errors).toEqual([
      [new Error('not yet'), id],
      [new Error('not yet'), id],
    ]);
    expect((await found(uploads, id)).delivery).toBeNull();
  });

  it('does not call a hook for an event that it is at work on already', async () => {
    const id = await abandoned();
    let calls = 0;
    let finish = (): void => undefined;
    const relay = relayWith(() => {
      calls += 1;
      return new Promise<void>((resolve) => (finish = resolve));
    });
    const record = await found(uploads, id);
    relay.deliver(record);
    relay.deliver(record);
    finish();
    await relay.stop();
    expect(calls).toBe(1);
    expect((await found(uploads, id)).delivery).toBeNull();
  });

  it('never calls a hook for a partial', async () => {
    const told: string[] = [];
    const relay = relayWith(({ id }) => void told.push(id));
    relay.deliver(await found(uploads, await completePartial(uploads)));
    await relay.stop();
    expect(told).toEqual([]);
  });

  it('begins nothing once it was stopped, and leaves it to the next process', async () => {
    const id = await abandoned();
    const told: string[] = [];
    const relay = relayWith((upload) => void told.push(upload.id));
    await relay.stop();
    relay.deliver(await found(uploads, id));
    await round(relay);
    expect(told).toEqual([]);
    await round(relayWith((upload) => void told.push(upload.id)));
    expect(told).toEqual([id]);
  });

  it('wants nothing where there is no hook, and claims nothing', async () => {
    const id = await abandoned();
    const relay = relayWith();
    expect(relay.wanted).toBe(false);
    await round(relay);
    expect((await deliveries.claim(10)).map((record) => record.id)).toEqual([id]);
  });

  it('tells of a database that does not take the outcome, and goes on', async () => {
    const [one, two] = [await abandoned(), await abandoned()];
    const told: string[] = [];
    const relay = relayWith(({ id }) => void told.push(id));
    const record = deliveries.delivered.bind(deliveries);
    deliveries.delivered = async (id) => {
      if (id === one) throw new Error('the database is gone');
      await record(id);
    };
    await round(relay);
    expect(told.toSorted()).toEqual([one, two].toSorted());
    expect(errors).toEqual([[new Error('the database is gone'), one]]);
    expect((await found(uploads, two)).delivery).toBeNull();
    expect((await found(uploads, one)).delivery).toBe('pending');
  });
});
