import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { getTusStorageToken, LocalStorage, TusModule, UploadEvents, UploadService } from '../../src/index.js';
import type { AsyncOptions, TusOptionsFactory, UploadStorage } from '../../src/index.js';
import { call, create, head, patch } from '../support/raw-http.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import { ModuleApps } from './module-app.js';

/** What an application keeps its settings in. */
@Injectable()
class Settings {
  static directory = '';

  get directory(): string {
    return Settings.directory;
  }
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

@Injectable()
class OptionsFromSettings implements TusOptionsFactory {
  constructor(private readonly settings: Settings) {}

  createTusOptions(): AsyncOptions {
    return { storage: new LocalStorage({ directory: this.settings.directory }), maxSize: 10 };
  }
}

@Module({
  imports: [SettingsModule],
  providers: [OptionsFromSettings],
  exports: [OptionsFromSettings],
})
class OptionsModule {}

@Injectable()
class StorageFromSettings extends LocalStorage {
  constructor(settings: Settings) {
    super({ directory: settings.directory });
  }
}

/** Never gets as far as its files: what Nest has begun goes on behind an application that cannot start. */
class WaitingStorage extends LocalStorage {
  override start(): Promise<void> {
    return new Promise(() => undefined);
  }
}

describe.each(PLATFORMS)('a registration on platform-%s', (platform) => {
  const apps = new ModuleApps();

  afterEach(() => apps.clear());

  /** Starts with this module alone, uploads five bytes, and finds them in the folder. */
  async function uploadThrough(module: DynamicModule, directory: string, path = '/files'): Promise<string> {
    const { origin } = await apps.start(platform, { imports: [module] });
    const url = await create(`${origin}${path}`, { 'upload-length': '5' });
    expect((await patch(url, 0, 'hello')).status).toBe(204);
    expect(await readFile(join(directory, url.split('/').at(-1) ?? ''), 'utf8')).toBe('hello');
    return origin;
  }

  async function settingsFolder(): Promise<string> {
    Settings.directory = await apps.folder();
    return Settings.directory;
  }

  describe('with forRoot', () => {
    it('serves uploads at /files and keeps them in the folder of its storage', async () => {
      const directory = await apps.folder();
      await uploadThrough(TusModule.forRoot({ storage: new LocalStorage({ directory }) }), directory);
    });

    it.each(['media/videos', '/media/videos', 'media/videos/'])(
      'serves uploads at the path %s',
      async (path) => {
        const directory = await apps.folder();
        const storage = new LocalStorage({ directory });
        const origin = await uploadThrough(TusModule.forRoot({ path, storage }), directory, '/media/videos');
        expect((await call({ method: 'OPTIONS', url: `${origin}/files` })).status).toBe(404);
      },
    );

    it('takes a storage class that injects from an imported module', async () => {
      const directory = await settingsFolder();
      await uploadThrough(
        TusModule.forRoot({ imports: [SettingsModule], storage: StorageFromSettings }),
        directory,
      );
    });

    it('takes a storage that a factory makes from what it injects', async () => {
      const directory = await settingsFolder();
      const storage = {
        inject: [Settings],
        useFactory: async (settings: Settings) => new LocalStorage({ directory: settings.directory }),
      };
      await uploadThrough(TusModule.forRoot({ imports: [SettingsModule], storage }), directory);
    });

    it('lets a test override the storage', async () => {
      const directory = await apps.folder();
      const other = await apps.folder();
      const storage = new LocalStorage({ directory: other });
      const { origin } = await apps.start(platform, {
        imports: [TusModule.forRoot({ storage: new LocalStorage({ directory }) })],
        override: (builder) => builder.overrideProvider(getTusStorageToken()).useValue(storage),
      });
      const url = await create(`${origin}/files`, { 'upload-length': '0' });
      await access(join(other, url.split('/').at(-1) ?? ''));
      await expect(access(join(directory, '.tus'))).rejects.toThrow('ENOENT');
    });

    it('keeps its rows in the file that `database` names', async () => {
      const directory = await apps.folder();
      const path = join(await apps.folder(), 'rows', 'uploads.sqlite');
      await uploadThrough(
        TusModule.forRoot({ storage: new LocalStorage({ directory }), database: { path } }),
        directory,
      );
      await access(path);
      await expect(access(join(directory, '.tus', 'uploads.sqlite'))).rejects.toThrow('ENOENT');
    });

    it('gives its service, events and storage to the module that imports it', async () => {
      const app = await TusApp.start({ platform });
      try {
        expect(app.get(UploadService)).toBeInstanceOf(UploadService);
        expect(app.get(UploadEvents)).toBeInstanceOf(UploadEvents);
        expect(app.get<UploadStorage>(getTusStorageToken() as symbol)).toBeInstanceOf(LocalStorage);
      } finally {
        await app.stop();
      }
    });

    it('with isGlobal gives them to modules that do not import it', async () => {
      @Injectable()
      class Consumer {
        constructor(readonly uploads: UploadService) {}
      }
      @Module({ providers: [Consumer] })
      class FeatureModule {}

      const directory = await apps.folder();
      const register = (isGlobal: boolean, storage: UploadStorage) =>
        TusModule.forRoot({ isGlobal, storage });
      const imports = [register(true, new LocalStorage({ directory })), FeatureModule];
      const { nest } = await apps.start(platform, { imports });
      expect(nest.get(Consumer, { strict: false }).uploads).toBeInstanceOf(UploadService);
      const failing = [register(false, new WaitingStorage({ directory })), FeatureModule];
      await expect(apps.start(platform, { imports: failing })).rejects.toThrow('UploadService');
    });
  });

  describe('with forRootAsync', () => {
    it('takes a factory with what it injects from imported modules', async () => {
      const directory = await settingsFolder();
      const origin = await uploadThrough(
        TusModule.forRootAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: async (settings: Settings) => ({
            storage: new LocalStorage({ directory: settings.directory }),
            maxSize: 10,
          }),
        }),
        directory,
      );
      const answer = await call({ method: 'OPTIONS', url: `${origin}/files` });
      expect(answer.headers['tus-max-size']).toBe('10');
    });

    it('takes a class that makes the options', async () => {
      const directory = await settingsFolder();
      await uploadThrough(
        TusModule.forRootAsync({ imports: [SettingsModule], useClass: OptionsFromSettings }),
        directory,
      );
    });

    it('takes a provider that exists and makes the options', async () => {
      const directory = await settingsFolder();
      const origin = await uploadThrough(
        TusModule.forRootAsync({ imports: [OptionsModule], useExisting: OptionsFromSettings }),
        directory,
      );
      expect((await call({ method: 'OPTIONS', url: `${origin}/files` })).headers['tus-max-size']).toBe('10');
    });

    it('takes path and isGlobal beside the factory', async () => {
      const directory = await apps.folder();
      const storage = new LocalStorage({ directory });
      await uploadThrough(
        TusModule.forRootAsync({ path: 'media', isGlobal: true, useFactory: () => ({ storage }) }),
        directory,
        '/media',
      );
    });

    it.each([
      ['a class that Nest resolves', StorageFromSettings],
      [
        'a factory',
        {
          inject: [Settings],
          useFactory: (settings: Settings) => new LocalStorage({ directory: settings.directory }),
        },
      ],
    ])('takes %s as the storage beside the factory', async (_, storage) => {
      const directory = await settingsFolder();
      await uploadThrough(
        TusModule.forRootAsync({ imports: [SettingsModule], useFactory: () => ({}), storage }),
        directory,
      );
    });

    it('does not start where the factory throws', async () => {
      const useFactory = (): AsyncOptions => {
        throw new Error('no settings');
      };
      const started = apps.start(platform, { imports: [TusModule.forRootAsync({ useFactory })] });
      await expect(started).rejects.toThrow('no settings');
    });
  });

  it('goes on with the uploads of the application before it', async () => {
    const directory = await apps.folder();
    const first = await TusApp.start({ platform, directory });
    const url = await create(first.endpoint, { 'upload-length': '10' });
    await patch(url, 0, 'hello');
    await first.stop();
    const second = await TusApp.start({ platform, directory });
    try {
      const again = `${second.endpoint}/${url.split('/').at(-1)}`;
      expect((await head(again)).headers['upload-offset']).toBe('5');
      expect((await patch(again, 5, 'world')).headers['upload-offset']).toBe('10');
    } finally {
      await second.stop();
    }
  });
});
