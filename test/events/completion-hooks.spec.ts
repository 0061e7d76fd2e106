import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Inject, Injectable, Logger, Module, Scope } from '@nestjs/common';
import type { ModuleMetadata } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { InvalidPageError } from '../../src/index.js';
import type { CompletedUpload, DeliveryCursor, OnUploadComplete } from '../../src/index.js';
import { bodyOf, UploadsContext } from '../uploads/uploads-context.js';

/** A hook that remembers its calls, and may be told to fail or to wait. */
class Watching implements OnUploadComplete {
  readonly told: CompletedUpload[] = [];
  answer: () => Promise<void> | void = () => undefined;
  private heard: (() => void)[] = [];

  onUploadComplete(upload: CompletedUpload): Promise<void> | void {
    this.told.push(upload);
    for (const hear of this.heard.splice(0)) hear();
    return this.answer();
  }

  /** Resolves with the next call. */
  async next(): Promise<CompletedUpload | undefined> {
    await new Promise<void>((resolve) => this.heard.push(resolve));
    return this.told.at(-1);
  }

  get ids(): string[] {
    return this.told.map(({ id }) => id);
  }
}

describe('OnUploadComplete', () => {
  let context: UploadsContext | undefined;

  afterEach(async () => {
    await context?.stop();
    context = undefined;
  });

  async function start(application: Pick<ModuleMetadata, 'imports' | 'controllers' | 'providers'>) {
    context = await UploadsContext.start({ application });
    return context;
  }

  /** With one hook, given as a value. */
  async function startWith(...hooks: Watching[]) {
    const providers = hooks.map((hook, n) => ({ provide: `hook-${n}`, useValue: hook }));
    return start({ providers });
  }

  const delivery = async (id: string) => (await context?.rows.find(id))?.delivery;

  /** How often its hook has failed; undefined if nothing is on record. */
  async function failures(id: string): Promise<number | undefined> {
    const sql = 'SELECT attempts FROM tus_delivery WHERE upload_id = ?';
    return (await context?.connection.query<{ attempts: number }>(sql, [id]))?.[0]?.attempts;
  }

  /** Until the marker is cleared, which the statement after the hooks does. */
  async function delivered(id: string): Promise<void> {
    while ((await delivery(id)) !== null);
  }

  it('is called on any provider: of a class, a value and a factory, in other modules, and on controllers', async () => {
    const [value, made] = [new Watching(), new Watching()];
    @Injectable()
    class Service extends Watching {}
    @Controller()
    class WatchingController extends Watching {}
    @Module({ providers: [Service, { provide: 'made', useFactory: () => made }] })
    class FeatureModule {}

    const { uploads } = await start({
      imports: [FeatureModule],
      controllers: [WatchingController],
      providers: [{ provide: 'value', useValue: value }],
    });
    const classes = [context?.get(Service), context?.get(WatchingController)];
    const { id } = await uploads.create({ length: 0 });
    await delivered(id);
    for (const hook of [...classes, value, made]) expect(hook?.ids).toEqual([id]);
  });

  it('is called once on a provider with several tokens', async () => {
    const hook = new Watching();
    const { uploads } = await start({
      providers: [
        { provide: 'hook', useValue: hook },
        { provide: 'alias', useExisting: 'hook' },
        { provide: 'again', useValue: hook },
      ],
    });
    const { id } = await uploads.create({ length: 0 });
    await delivered(id);
    expect(hook.ids).toEqual([id]);
  });

  it('is told what the subscribers of completed$ are told, frozen', async () => {
    const hook = new Watching();
    const { uploads, completed } = await startWith(hook);
    const called = hook.next();
    const upload = await uploads.create({ length: 5, body: bodyOf('hello'), metadata: 'a MQ==' });
    expect(await called).toEqual(upload);
    expect(completed).toEqual([upload]);
    expect(upload).toMatchObject({
      state: 'complete',
      kind: 'single',
      key: upload.id,
      rawMetadata: 'a MQ==',
    });
    expect(Object.isFrozen(hook.told[0])).toBe(true);
  });

  it('CON-05 is never told of a partial, and of a final once it is merged; completed$ neither', async () => {
    const hook = new Watching();
    const { uploads, completed } = await startWith(hook);
    const ids = (await context?.partials('he', '', 'llo')) ?? [];
    for (const id of ids) expect(await delivery(id)).toBeNull();
    const called = hook.next();
    const final = await uploads.concatenate({ partialIds: ids });
    expect(await called).toEqual(final);
    await uploads.concatenate({ partialIds: ids });
    expect(hook.ids).toEqual([final.id]);
    expect(completed).toEqual([final]);
  });

  it('does not keep the client waiting', async () => {
    const hook = new Watching();
    let finish = (): void => undefined;
    hook.answer = () => new Promise<void>((resolve) => (finish = resolve));
    const { uploads } = await startWith(hook);
    const called = hook.next();
    const { id } = await uploads.create({ length: 0 });
    await called;
    expect(await delivery(id)).toBe('pending');
    finish();
    await delivered(id);
  });

  it('leaves no marker in the row, and is not called again, once it has returned', async () => {
    const hook = new Watching();
    const started = await startWith(hook);
    const { id } = await started.uploads.create({ length: 0 });
    await delivered(id);
    await started.redeliver();
    expect(hook.ids).toEqual([id]);
  });

  it('costs the row nothing where there is no hook', async () => {
    const started = await start({});
    const single = await started.uploads.create({ length: 0 });
    const final = await started.uploads.concatenate({ partialIds: await started.partials('x') });
    for (const { id } of [single, final]) {
      expect(await started.rows.find(id)).toMatchObject({ state: 'complete', delivery: null });
    }
  });

  it('that throws or rejects is called again until it returns; those that returned are not', async () => {
    const [first, second] = [new Watching(), new Watching()];
    const started = await startWith(first, second);
    second.answer = () => {
      throw new Error('at first');
    };
    const called = second.next();
    const { id } = await started.uploads.create({ length: 0 });
    await called;
    second.answer = () => Promise.reject(new Error('and then'));
    await started.redeliver();
    expect(await failures(id)).toBe(2);
    second.answer = () => undefined;
    await started.redeliver();
    expect(await failures(id)).toBeUndefined();
    await started.redeliver();
    expect(first.ids).toEqual([id]);
    expect(second.ids).toEqual([id, id, id]);
  });

  it('that throws for one upload is called for the others', async () => {
    const hook = new Watching();
    const started = await startWith(hook);
    hook.answer = () => Promise.reject(new Error('not this one'));
    const called = hook.next();
    const { id: bad } = await started.uploads.create({ length: 0 });
    await called;
    hook.answer = () => undefined;
    const { id: good } = await started.uploads.create({ length: 0 });
    await delivered(good);
    expect(hook.ids).toEqual([bad, good]);
    while ((await failures(bad)) !== 1);
  });

  it('is still told of an upload that was deleted before (promise 5)', async () => {
    const hook = new Watching();
    const started = await startWith(hook);
    hook.answer = () => Promise.reject(new Error('not yet'));
    const called = hook.next();
    const upload = await started.uploads.create({ length: 5, body: bodyOf('hello'), metadata: 'a MQ==' });
    await called;
    await started.uploads.terminate(upload.id);
    while ((await started.rows.find(upload.id))?.state !== 'gone');
    hook.answer = () => undefined;
    await started.redeliver();
    expect(hook.told.at(-1)).toEqual({ ...upload, state: 'gone' });
    expect(await failures(upload.id)).toBeUndefined();
  });

  it('is still told of an upload that was deleted, or has expired, while no hook had heard of it (promise 5)', async () => {
    const first = await start({});
    await first.leave();
    context = await UploadsContext.start({
      directory: first.directory,
      tus: { delivery: true, expiration: { completed: '1h', deleteCompleted: true } },
    });
    const { uploads } = context;
    const deleted = await uploads.create({ length: 5, body: bodyOf('hello') });
    await uploads.terminate(deleted.id);
    const expiring = await uploads.create({ length: 5, body: bodyOf('world') });
    await context.connection.change('UPDATE tus_upload SET expires_at = 1 WHERE id = ?', [expiring.id]);
    while ((await context.rows.find(expiring.id))?.state !== 'gone') await context.maintain();
    while ((await context.rows.find(deleted.id))?.state !== 'gone');
    expect([await delivery(deleted.id), await delivery(expiring.id)]).toEqual(['pending', 'pending']);
    await context.leave();

    const hook = new Watching();
    context = await UploadsContext.start({
      directory: first.directory,
      application: { providers: [{ provide: 'hook', useValue: hook }] },
    });
    await context.redeliver();
    expect(hook.ids.toSorted()).toEqual([deleted.id, expiring.id].toSorted());
    expect(hook.told.map(({ state, length }) => [state, length])).toEqual([
      ['gone', 5],
      ['gone', 5],
    ]);
  });

  it('whose attempts are used up is among failedDeliveries, and called again by repeatDelivery', async () => {
    const hook = new Watching();
    context = await UploadsContext.start({
      tus: { delivery: { attempts: 1 } },
      application: { providers: [{ provide: 'hook', useValue: hook }] },
    });
    const { uploads } = context;
    hook.answer = () => Promise.reject(new Error('the codec is missing'));
    const upload = await uploads.create({ length: 0 });
    let failed = await uploads.failedDeliveries();
    while (failed.length === 0) failed = await uploads.failedDeliveries();
    expect(failed).toEqual([
      {
        upload,
        provider: 'hook',
        attempts: 1,
        lastError: 'Error: the codec is missing',
        since: expect.any(Date),
        orphaned: false,
      },
    ]);
    expect(
      await uploads.failedDeliveries({ after: { uploadId: upload.id, provider: 'hook' }, limit: 1 }),
    ).toEqual([]);
    await context.redeliver();
    expect(hook.ids).toHaveLength(1);
    hook.answer = () => undefined;
    const called = hook.next();
    expect(await uploads.repeatDelivery(upload.id, 'hook')).toBe(1);
    expect(await called).toEqual(upload);
    while ((await failures(upload.id)) !== undefined);
    expect(await uploads.failedDeliveries()).toEqual([]);
  });

  it('that is gone leaves what it was not told of among failedDeliveries, until that is dismissed', async () => {
    const failing = new Watching();
    failing.answer = () => Promise.reject(new Error('not yet'));
    const first = await startWith(failing);
    const called = failing.next();
    const { id } = await first.uploads.create({ length: 0 });
    await called;
    await first.leave();
    const warnings: string[] = [];
    const warn = jest
      .spyOn(Logger.prototype, 'warn')
      .mockImplementation((text) => void warnings.push(String(text)));
    const renamed = new Watching();
    const warned = async () => {
      while (warnings.length === 0) await context!.maintain();
      expect(warnings).toEqual([expect.stringContaining('wait for hook-0, and no process')]);
    };
    context = await UploadsContext.start({ directory: first.directory });
    await context.connection.change('UPDATE tus_delivery SET due_at = 0');
    await context.leave();
    context = await UploadsContext.start({
      directory: first.directory,
      application: { providers: [{ provide: 'renamed', useValue: renamed }] },
    });
    await warned();
    warn.mockRestore();
    const { uploads } = context;
    expect(await uploads.failedDeliveries()).toMatchObject([
      { upload: { id }, provider: 'hook-0', attempts: 1, lastError: 'Error: not yet', orphaned: true },
    ]);
    expect(await uploads.repeatDelivery(id)).toBe(0);
    expect(await uploads.failedDeliveries()).toHaveLength(1);
    expect(await uploads.dismissDelivery(id, 'renamed')).toBe(0);
    expect(await uploads.dismissDelivery(id, 'hook-0')).toBe(1);
    expect(await uploads.failedDeliveries()).toEqual([]);
    expect(await failures(id)).toBeUndefined();
    expect(renamed.ids).toEqual([]);
  });

  it('that was the last one leaves events that are named at start, and can be dismissed', async () => {
    const first = await UploadsContext.start({ tus: { delivery: true } });
    const { id } = await first.uploads.create({ length: 0 });
    await first.connection.change('UPDATE tus_upload SET delivery_until = 0');
    await first.leave();
    const warnings: string[] = [];
    const warn = jest
      .spyOn(Logger.prototype, 'warn')
      .mockImplementation((text) => void warnings.push(String(text)));
    context = await UploadsContext.start({ directory: first.directory });
    while (warnings.length === 0) await context.maintain();
    warn.mockRestore();
    expect(warnings).toEqual([expect.stringContaining(`and there is none: ${id}.`)]);
    expect(await delivery(id)).toBe('pending');
    expect(await context.uploads.dismissDelivery(id, 'hook')).toBe(0);
    expect(await context.uploads.dismissDelivery(id)).toBe(1);
    expect(await delivery(id)).toBeNull();
  });

  it.each([
    { limit: NaN },
    { limit: 1.5 },
    { limit: -1 },
    { limit: 0 },
    { after: { uploadId: 'a' } as unknown as DeliveryCursor },
  ])('fails with a sentence where failedDeliveries cannot give the page: %p', async (page) => {
    const { uploads } = await start({});
    await expect(uploads.failedDeliveries(page)).rejects.toThrow(InvalidPageError);
  });

  it('is told by the next application of what it did not return from in this one', async () => {
    const failing = new Watching();
    failing.answer = () => Promise.reject(new Error('not here'));
    const first = await startWith(failing);
    const called = failing.next();
    const { id } = await first.uploads.create({ length: 0 });
    await called;
    await first.leave();
    const hook = new Watching();
    context = await UploadsContext.start({
      directory: first.directory,
      application: { providers: [{ provide: 'hook-0', useValue: hook }] },
    });
    await context.redeliver();
    expect(hook.ids).toEqual([id]);
  });

  it('is called for nothing more once providers are destroyed; what waits is left to the next process', async () => {
    const hook = new Watching();
    let finish = (): void => undefined;
    hook.answer = () => new Promise<void>((resolve) => (finish = resolve));
    const closing = {
      beforeApplicationShutdown: async () => {
        finish();
        // The place is free, and the waiting upload would have it.
        await delivered(first);
        calls = hook.ids.length;
      },
    };
    let calls = 0;
    const providers = [
      { provide: 'hook', useValue: hook },
      { provide: 'closing', useValue: closing },
    ];
    context = await UploadsContext.start({
      tus: { delivery: { concurrency: 1 } },
      application: { providers },
    });
    const { uploads, directory } = context;
    const called = hook.next();
    const { id: first } = await uploads.create({ length: 0 });
    await called;
    const { id: second } = await uploads.create({ length: 0 });
    await context.leave();
    expect([calls, hook.ids]).toEqual([1, [first]]);

    const next = new Watching();
    context = await UploadsContext.start({
      directory,
      application: { providers: [{ provide: 'hook', useValue: next }] },
    });
    await context.redeliver();
    expect(next.ids).toEqual([second]);
  });

  it('is waited for when the application ends, before it closes what hooks use', async () => {
    const hook = new Watching();
    let finish = (): void => undefined;
    hook.answer = async () => {
      await new Promise<void>((resolve) => (finish = resolve));
      returned = true;
    };
    let returned = false;
    let returnedBefore = false;
    const pool = {
      beforeApplicationShutdown: () => void setTimeout(finish, 100),
      // What is thrown here Nest keeps to itself.
      onApplicationShutdown: () => void (returnedBefore = returned),
    };
    const first = await start({
      providers: [
        { provide: 'hook', useValue: hook },
        { provide: 'pool', useValue: pool },
      ],
    });
    const called = hook.next();
    const { id } = await first.uploads.create({ length: 0 });
    await called;
    await first.leave();
    expect(returnedBefore).toBe(true);
    context = await UploadsContext.start({ directory: first.directory });
    expect(await delivery(id)).toBeNull();
  });

  describe('refuses to start', () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest extends Watching {}

    @Injectable({ scope: Scope.TRANSIENT })
    class Transient extends Watching {}

    @Injectable()
    class NeedsRequest extends Watching {
      constructor(@Inject(REQUEST) readonly request: unknown) {
        super();
      }
    }

    it.each([PerRequest, Transient, NeedsRequest])(
      'on a provider without one instance: %p',
      async (provider) => {
        await expect(start({ providers: [provider] })).rejects.toThrow(
          `${provider.name} implements OnUploadComplete but is request-scoped or transient: give it the default scope.`,
        );
      },
    );
  });
});
