import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Inject, Injectable, Module, Scope } from '@nestjs/common';
import type { DynamicModule, OnModuleInit, Type } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { LocalStorage, TusHooks, TusModule, UploadService } from '../../src/index.js';
import type { OnUploadComplete, OnUploadCreate, OnUploadFinish, TusHooksOptions } from '../../src/index.js';
import { gate } from '../reliability/faults.js';
import { create } from '../support/raw-http.js';
import { PLATFORMS } from '../support/tus-app.js';
import { ModuleApps } from './module-app.js';

describe('hooks of an application', () => {
  const apps = new ModuleApps();
  let called: string[];

  beforeEach(() => {
    called = [];
  });
  afterEach(() => apps.clear());

  /** A provider that notes its calls by its name. */
  function calling(name: string, options?: TusHooksOptions): Type<OnUploadCreate> {
    class Calling implements OnUploadCreate {
      onUploadCreate(): void {
        called.push(name);
      }
    }
    Injectable()(Calling);
    if (options) TusHooks(options)(Calling);
    return Object.defineProperty(Calling, 'name', { value: name });
  }

  async function register(...names: (string | undefined)[]) {
    const directory = await apps.folder();
    return names.map((name) =>
      TusModule.forRoot({
        storage: new LocalStorage({ directory }),
        ...(name !== undefined && { name, path: name }),
      }),
    );
  }

  async function startWith(...providers: Type[]) {
    return apps.start('express', { imports: await register(undefined), providers });
  }

  it.each(PLATFORMS)('are for one endpoint, or for all: %s', async (platform) => {
    const { origin } = await apps.start(platform, {
      imports: await register(undefined, 'videos', 'images'),
      providers: [
        calling('all'),
        calling('videos', { endpoint: 'videos' }),
        calling('default', { endpoint: 'default' }),
      ],
    });
    for (const path of ['files', 'videos', 'images']) {
      await create(`${origin}/${path}`, { 'upload-length': '1' });
      called.push('.');
    }
    expect(called.join(' ')).toBe('all default . all videos . all .');
  });

  it('are called in the order of @TusHooks, then as Nest lists providers, controllers last', async () => {
    const [late, first, second, early] = [
      calling('late', { order: 1 }),
      calling('first'),
      calling('second'),
      calling('early', { order: -1.5 }),
    ];
    const controller = calling('controller');
    Controller('elsewhere')(controller);
    class Feature {}
    Module({ providers: [second, early], controllers: [controller] })(Feature);
    const { origin } = await apps.start('express', {
      imports: [...(await register(undefined)), Feature],
      providers: [late, first],
    });
    await create(`${origin}/files`, { 'upload-length': '1' });
    expect(called).toEqual(['early', 'first', 'second', 'controller', 'late']);
  });

  it('of a provider with several tokens are called once', async () => {
    const One = calling('one');
    const { origin } = await apps.start('express', {
      imports: await register(undefined),
      providers: [One, { provide: Symbol('alias'), useExisting: One }],
    });
    await create(`${origin}/files`, { 'upload-length': '1' });
    expect(called).toEqual(['one']);
  });

  describe('while the application starts', () => {
    /** Is asked and told of all that happens to uploads. */
    class Journal implements OnUploadCreate, OnUploadFinish, OnUploadComplete {
      readonly delivery = gate();
      onUploadComplete(): void {
        called.push('complete');
        if (called.length === 6) this.delivery.open();
      }
      onUploadCreate(): void {
        called.push('create');
      }
      onUploadFinish(): void {
        called.push('finish');
      }
    }

    @Injectable()
    class Seeds implements OnModuleInit {
      constructor(readonly uploads: UploadService) {}
      async onModuleInit(): Promise<void> {
        await this.uploads.create({ length: 0 });
      }
    }

    async function globally(): Promise<DynamicModule> {
      const storage = new LocalStorage({ directory: await apps.folder() });
      return TusModule.forRoot({ storage, isGlobal: true });
    }

    it('are asked and told of what is uploaded in onModuleInit, also of a module that comes before', async () => {
      // Nest begins with those that are imported over the most steps.
      class Deep {}
      Module({ providers: [Seeds] })(Deep);
      class Middle {}
      Module({ imports: [Deep] })(Middle);
      const { nest } = await apps.start('express', {
        imports: [Middle, await globally()],
        providers: [Journal, Seeds],
      });
      await nest.get(Journal).delivery.opened;
      expect(called.toSorted()).toEqual(['complete', 'complete', 'create', 'create', 'finish', 'finish']);
    });

    it('keep uploads from being made before all providers are, since they are not known', async () => {
      const early = {
        provide: 'early',
        inject: [UploadService],
        useFactory: (uploads: UploadService) => uploads.create({ length: 0 }),
      };
      const { opened, open } = gate();
      const late = { provide: 'late', useFactory: () => opened };
      const started = apps.start('express', {
        imports: [await globally()],
        providers: [Journal, early, late],
      });
      await expect(started.finally(open)).rejects.toThrow(
        'Uploads are not written while Nest still makes providers, whose hooks nobody knows yet: ' +
          'call UploadService in onModuleInit or later, not in a constructor or a factory.',
      );
      expect(called).toEqual([]);
    });
  });

  it('are none of a proxy that throws for what it does not know', async () => {
    const strict = new Proxy(
      {},
      {
        get: (_, name) => {
          // Nest itself asks for these.
          if (typeof name === 'symbol' || !name.startsWith('onUpload')) return undefined;
          throw new Error(`There is no ${name}.`);
        },
      },
    );
    const { origin } = await apps.start('express', {
      imports: await register(undefined),
      providers: [{ provide: 'strict', useValue: strict }, calling('first')],
    });
    await create(`${origin}/files`, { 'upload-length': '1' });
    expect(called).toEqual(['first']);
  });

  describe('refuse the start', () => {
    it.each<[TusHooksOptions, string]>([
      [
        { endpoint: 'video' },
        `option "endpoint of @TusHooks on Wrong" is 'video'; use 'default', or leave it out.`,
      ],
      [{ order: NaN }, 'option "order of @TusHooks on Wrong" is NaN; use a number, or leave it out.'],
      [
        { includePartials: 1 as unknown as boolean },
        'option "includePartials of @TusHooks on Wrong" is 1; use true or false.',
      ],
    ])('with %p', async (options, sentence) => {
      await expect(startWith(calling('Wrong', options))).rejects.toThrow(`TusModule: ${sentence}`);
    });

    it('where two of one name have OnUploadComplete, whose deliveries are kept by the name', async () => {
      const [One, Two] = [0, 1].map(() => {
        class Journal implements OnUploadComplete {
          onUploadComplete(): void {}
        }
        return Journal;
      });
      await expect(startWith(One as Type, Two as Type)).rejects.toThrow(
        'Two providers named Journal implement OnUploadComplete, and deliveries are kept by the name: provide it in ' +
          'one module that the others import, or give one of them another name.',
      );
    });

    class Hooks implements OnUploadCreate, OnUploadFinish {
      onUploadCreate(): void {}
      onUploadFinish(): void {}
    }

    @Injectable({ scope: Scope.REQUEST })
    class PerRequest extends Hooks {}

    @Injectable({ scope: Scope.TRANSIENT })
    class Transient extends Hooks {}

    @Injectable()
    class NeedsRequest extends Hooks {
      constructor(@Inject(REQUEST) readonly request: unknown) {
        super();
      }
    }

    it.each([PerRequest, Transient, NeedsRequest])(
      'on a provider without one instance: %p',
      async (provider) => {
        await expect(startWith(provider)).rejects.toThrow(
          `${provider.name} implements OnUploadCreate and OnUploadFinish but is request-scoped or transient: ` +
            'give it the default scope.',
        );
      },
    );
  });
});
