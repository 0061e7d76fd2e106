import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CompletionRelay } from '../../src/events/relay/completion-relay.js';
import type { DeliverySettings } from '../../src/events/delivery-settings.js';
import type { OnUploadComplete } from '../../src/index.js';
import { TypeOrmDeliveryRepository } from '../../src/repository/typeorm/typeorm-delivery-repository.js';
import { TypeOrmRetryRepository } from '../../src/repository/typeorm/typeorm-retry-repository.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import { age, completePartial, completeSingle, found } from '../repository/fixtures.js';
import { sqliteTestDatabase } from '../repository/sqlite-database.js';
import type { SqliteTestDatabase } from '../repository/sqlite-database.js';

/** Nothing comes back by itself while a test runs. */
const SETTINGS: DeliverySettings = {
  attempts: 3,
  firstDelay: 3_600_000,
  longestDelay: 7_200_000,
  concurrency: 10,
  elsewhere: false,
};

describe('the relay of completion events', () => {
  let database: SqliteTestDatabase;
  let uploads: TypeOrmUploadRepository;
  let deliveries: TypeOrmDeliveryRepository;
  let retries: TypeOrmRetryRepository;
  let relays: CompletionRelay[];
  let errors: [error: unknown, id: string][];

  beforeEach(async () => {
    database = await sqliteTestDatabase();
    uploads = new TypeOrmUploadRepository(database.connection, 'files');
    deliveries = new TypeOrmDeliveryRepository(database.connection, 'files');
    retries = new TypeOrmRetryRepository(database.connection, 'files');
    errors = [];
    relays = [];
  });
  afterEach(() => database.close());

  type Hook = OnUploadComplete['onUploadComplete'];

  function relayOf(settings: Partial<DeliverySettings>, hooks: Record<string, Hook>): CompletionRelay {
    const onError = (error: unknown, { id }: { id: string }) => errors.push([error, id]);
    const onLong = () => undefined;
    const all = { ...SETTINGS, ...settings };
    const findHooks = () =>
      Object.entries(hooks).map(([name, onUploadComplete]) => ({ name, hook: { onUploadComplete } }));
    const relay = new CompletionRelay({ deliveries, retries, settings: all, findHooks, onError, onLong });
    relays.push(relay);
    return relay;
  }

  function relayWith(...hooks: Hook[]): CompletionRelay {
    return relayOf({}, Object.fromEntries(hooks.map((hook, n) => [`Hook${n}`, hook])));
  }

  /** Until everything that failed is due again, as the delays would. */
  async function delaysOver(): Promise<void> {
    await database.connection.change('UPDATE tus_delivery SET due_at = 0 WHERE due_at IS NOT NULL');
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

  it('calls the hooks in order, and calls again only what threw, until it returns; it tells of it each time', async () => {
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
    for (let n = 0; n < 5; n++) {
      await round(relay);
      await delaysOver();
    }
    expect(told).toEqual(['first', 'second', 'third', 'second', 'second']);
    expect(errors).toEqual([
      [new Error('not yet'), id],
      [new Error('not yet'), id],
    ]);
    expect((await found(uploads, id)).delivery).toBeNull();
    expect(await uploads.forgetTombstones(0)).toBe(0);
  });

  it('a hook that takes long keeps none of the others from returning, nor from being called again', async () => {
    const id = await abandoned();
    const told: string[] = [];
    let finish = (): void => undefined;
    const relay = relayOf(
      {},
      {
        Long: () => new Promise<void>((resolve) => (finish = resolve)),
        Failing: () => {
          told.push('failing');
          if (told.length < 3) throw new Error('not yet');
        },
      },
    );
    await relay.catchUp();
    for (const calls of [1, 2, 3]) {
      while (told.length < calls || (await countOf(id, 'Failing')) !== (calls < 3 ? calls : undefined)) {
        await delaysOver();
        await relay.catchUp();
      }
    }
    // Its claim is not taken from it meanwhile: it was called once.
    expect(await countOf(id, 'Long')).toBe(0);
    finish();
    await relay.stop();
    expect(await countOf(id, 'Long')).toBeUndefined();
  });

  it('gives a provider up after its attempts, lists it, and begins again when it is asked to', async () => {
    const id = await abandoned();
    let works = false;
    const told: string[] = [];
    const relay = relayOf(
      { attempts: 2 },
      {
        Videos: (upload) => {
          told.push(upload.id);
          if (!works) throw new TypeError('no such codec');
        },
        Images: () => undefined,
      },
    );
    for (const _ of [1, 2, 3]) {
      await round(relay);
      await delaysOver();
    }
    expect(told).toEqual([id, id]);
    const [failed, ...others] = await relay.failed({});
    expect(others).toEqual([]);
    expect(failed).toMatchObject({
      upload: { id, state: 'complete', kind: 'single' },
      provider: 'Videos',
      attempts: 2,
      lastError: 'TypeError: no such codec',
    });
    expect(Math.abs((failed?.since.getTime() ?? 0) - Date.now())).toBeLessThan(600_000);
    expect(await relay.failed({ after: { uploadId: id, provider: 'Videos' } })).toEqual([]);

    works = true;
    expect(await relay.repeat(id, 'Images')).toBe(0);
    expect(await relay.repeat(id)).toBe(1);
    await round(relay);
    expect(told).toEqual([id, id, id]);
    expect(await relay.failed({})).toEqual([]);
    expect(await relay.repeat(id)).toBe(0);
  });

  it('says with each failure who failed, and when it is called again or that it is given up', async () => {
    const id = await abandoned();
    const said: unknown[] = [];
    // Not even a text can be made of it.
    const thrown: unknown = Object.create(null);
    const relay = new CompletionRelay({
      deliveries,
      retries,
      settings: { ...SETTINGS, attempts: 2 },
      findHooks: () => [{ name: 'Videos', hook: { onUploadComplete: () => Promise.reject(thrown) } }],
      onError: (error, upload, failed) => said.push([error, upload.id, failed]),
      onLong: () => undefined,
    });
    for (const _ of [1, 2]) {
      await round(relay);
      await delaysOver();
    }
    expect(said).toEqual([
      [thrown, id, { provider: 'Videos', delay: expect.any(Number) }],
      [thrown, id, { provider: 'Videos', delay: null }],
    ]);
    expect(await relay.failed({})).toMatchObject([{ lastError: 'object' }]);
    await relay.stop();
  });

  it('calls again by itself when the delay is over', async () => {
    const id = await abandoned();
    await new Promise<void>((resolve) => {
      let calls = 0;
      const relay = relayOf(
        { firstDelay: 1, longestDelay: 2 },
        {
          Videos: () => {
            if (++calls < 3) throw new Error('not yet');
            resolve();
          },
        },
      );
      void relay.catchUp();
    });
    await relays.at(-1)?.stop();
    expect(await countOf(id, 'Videos')).toBeUndefined();
  });

  it('calls each of many that failed together again when its own delay is over', async () => {
    for (let n = 0; n < 20; n++) await abandoned();
    const told = new Map<string, number>();
    await new Promise<void>((resolve) => {
      const relay = relayOf(
        { firstDelay: 500, longestDelay: 500, concurrency: 20 },
        {
          Videos: ({ id }) => {
            const calls = (told.get(id) ?? 0) + 1;
            told.set(id, calls);
            if (calls === 1) throw new Error('not yet');
            if (told.size === 20 && [...told.values()].every((count) => count === 2)) resolve();
          },
        },
      );
      void relay.catchUp();
    });
    await relays.at(-1)?.stop();
  });

  it('looks once more for what is asked for while it looks', async () => {
    const id = await abandoned();
    const told: string[] = [];
    const called = new Promise<void>((resolve) => {
      relayOf(
        { attempts: 1 },
        {
          Videos: (upload) => {
            if (told.push(upload.id) > 1) return resolve();
            throw new Error('not yet');
          },
        },
      );
    });
    const [relay] = relays;
    await round(relay!);
    const claim = retries.claim.bind(retries);
    let goOn = (): void => undefined;
    const looked = new Promise<void>((resolve) => {
      retries.claim = async (...input) => {
        retries.claim = claim;
        const claimed = await claim(...input);
        resolve();
        await new Promise<void>((open) => (goOn = open));
        return claimed;
      };
    });
    const looking = relay!.catchUp();
    await looked;
    expect(await relay!.repeat(id)).toBe(1);
    goOn();
    await looking;
    await called;
    await relay!.stop();
    expect(told).toEqual([id, id]);
  });

  it('runs no more at once than it may, and keeps the claims of what waits', async () => {
    const ids = [await completeSingle(uploads), await completeSingle(uploads), await completeSingle(uploads)];
    const finish: (() => void)[] = [];
    let running = 0;
    let most = 0;
    const relay = relayOf(
      { concurrency: 2 },
      {
        Videos: async () => {
          most = Math.max(most, ++running);
          await new Promise<void>((resolve) => finish.push(resolve));
          running -= 1;
        },
      },
    );
    for (const id of ids) relay.deliver(await found(uploads, id));
    expect(running).toBe(2);
    for (const next of [0, 1, 2]) {
      while (finish.length <= next) await new Promise(setImmediate);
      finish[next]!();
    }
    await relay.stop();
    expect(most).toBe(2);
    for (const id of ids) expect((await found(uploads, id)).delivery).toBeNull();
  });

  it('takes over what another process has failed with, of providers that it has itself', async () => {
    const id = await abandoned();
    const fail = () => {
      throw new Error('not here');
    };
    await round(relayOf({}, { Videos: fail, Images: fail }));
    await delaysOver();
    const told: string[] = [];
    await round(
      relayOf({}, { Others: () => void told.push('others'), Videos: () => void told.push('videos') }),
    );
    expect(told).toEqual(['videos']);
    expect(await countOf(id, 'Images')).toBe(1);
  });

  /** How often it has failed; undefined if nothing is on record. */
  async function countOf(id: string, provider: string): Promise<number | undefined> {
    const sql = 'SELECT attempts FROM tus_delivery WHERE upload_id = ? AND provider = ?';
    return (await database.connection.query<{ attempts: number }>(sql, [id, provider]))[0]?.attempts;
  }

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

  it('leaves what is completed to another process, where it has no hook and is told so', async () => {
    const relay = relayOf({ elsewhere: true }, {});
    expect([relay.wanted, relay.elsewhere]).toEqual([true, true]);
    relay.deliver(await found(uploads, await abandoned()));
    await round(relay);
    expect(await deliveries.claim(10)).toHaveLength(1);
  });

  it('tells of a database that does not take the outcome, and goes on', async () => {
    const ids = [await abandoned(), await abandoned()];
    const relay = relayOf({ firstDelay: 1, longestDelay: 1 }, { Videos: () => undefined });
    const record = deliveries.delivered.bind(deliveries);
    let lost = 0;
    deliveries.delivered = async (all) => {
      if (lost++ === 0) throw new Error('the database is gone');
      await record(all);
    };
    await round(relay);
    expect(errors).toContainEqual([new Error('the database is gone'), expect.any(String)]);
    for (const id of ids) await calledUntilDelivered(relay, id);
  });

  it('calls all hooks again where the database did not take that one has thrown', async () => {
    const id = await abandoned();
    const told: string[] = [];
    const relay = relayOf(
      { firstDelay: 1, longestDelay: 1 },
      {
        First: () => void told.push('first'),
        Second: () => {
          told.push('second');
          if (told.length < 3) throw new Error('not yet');
        },
      },
    );
    const open = retries.open.bind(retries);
    retries.open = () => Promise.reject(new Error('the database is gone'));
    await round(relay);
    retries.open = open;
    expect((await found(uploads, id)).delivery).toBe('pending');
    await calledUntilDelivered(relay, id);
    expect(told).toEqual(['first', 'second', 'first', 'second']);
  });

  it('waits with that for the delay of a failure, in which it keeps the claim; at its end the next process begins', async () => {
    const id = await abandoned();
    const told: string[] = [];
    const relay = relayWith((upload) => {
      told.push(upload.id);
      throw new Error('not yet');
    });
    const open = retries.open.bind(retries);
    retries.open = () => Promise.reject(new Error('the disk of the database is full'));
    for (const _ of [1, 2, 3]) {
      await round(relay);
      await age(database.connection, id, { column: 'delivery_until', by: 10_000 });
    }
    expect(told).toEqual([id]);
    await relay.stop();
    retries.open = open;
    await round(relayWith((upload) => void told.push(upload.id)));
    expect(told).toEqual([id, id]);
  });

  it.each(['delivered', 'failed'] as const)(
    'waits like this, too, with a provider that is called again by itself, where it is not taken that it has %s',
    async (outcome) => {
      const id = await abandoned();
      const told: string[] = [];
      let fails = true;
      const relay = relayWith(() => {
        told.push(id);
        if (fails) throw new Error('not yet');
      });
      await round(relay);
      fails = outcome === 'failed';
      const record = retries[outcome].bind(retries);
      retries[outcome] = () => Promise.reject(new Error('the disk of the database is full'));
      for (const _ of [1, 2, 3]) {
        await delaysOver();
        await round(relay);
      }
      expect([told, await countOf(id, 'Hook0')]).toEqual([[id, id], 1]);
      await relay.stop();
      Object.assign(retries, { [outcome]: record });
      await delaysOver();
      await round(relayWith(() => void told.push('next')));
      expect([told, await countOf(id, 'Hook0')]).toEqual([[id, id, 'next'], undefined]);
    },
  );

  it('calls no hook a second time beside itself, where the answer was lost that another has thrown', async () => {
    const id = await abandoned();
    const told: string[] = [];
    let finish = (): void => undefined;
    const relay = relayOf(
      {},
      {
        Failing: () => {
          told.push('failing');
          if (told.length < 3) throw new Error('not yet');
        },
        Long: () => {
          told.push('long');
          return new Promise<void>((resolve) => (finish = resolve));
        },
      },
    );
    const open = retries.open.bind(retries);
    retries.open = async (...input) => {
      await open(...input);
      throw new Error('the answer was lost');
    };
    await relay.catchUp();
    while ((await countOf(id, 'Long')) === undefined);
    while ((await countOf(id, 'Failing')) !== undefined) {
      await delaysOver();
      await relay.catchUp();
    }
    expect(told).toEqual(['failing', 'long', 'failing']);
    finish();
    await relay.stop();
    // It has returned, but nobody knows: at least once.
    await delaysOver();
    await round(relayOf({}, { Long: () => void told.push('long') }));
    expect(told.slice(3)).toEqual(['long']);
  });

  /** Lets its claim run out until somebody has taken it, and that is on record. */
  async function calledUntilDelivered(relay: CompletionRelay, id: string): Promise<void> {
    while ((await found(uploads, id)).delivery !== null) {
      await age(database.connection, id, { column: 'delivery_until', by: 10_000 });
      await round(relay);
    }
  }
});
