import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Inject, Injectable, Module, Scope } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { LocalStorage, TusHooks, TusModule } from '../../src/index.js';
import type { OnUploadComplete, OnUploadCreate, OnUploadFinish, TusHooksOptions } from '../../src/index.js';
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
