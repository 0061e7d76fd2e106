import { Controller, Module } from '@nestjs/common';
import type { ControllerOptions, DynamicModule, Provider, Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TusController } from '../http/tus.controller.js';
import { engineProviders, RESOLVED_OPTIONS } from './engine-providers.js';
import { httpProviders } from './http-providers.js';
import { resolveOptions, TusOptionError } from './resolve-options.js';
import { asyncStorageProvider, storageProvider } from './storage-provider.js';
import { getTusStorageToken, getUploadEventsToken, getUploadServiceToken } from './tokens.js';
import type {
  AsyncOptions,
  TusModuleAsyncOptions,
  TusModuleOptions,
  TusOptionsFactory,
  TusRegistration,
} from './tus-module-options.js';

const DEFAULT_PATH = 'files';
/** The options as a factory made them, before defaults. */
const GIVEN_OPTIONS = Symbol('nestjs-tus:given-options');

/** Resumable uploads (tus 1.0.0) at a path of the application. */
@Module({})
export class TusModule {
  /**
   * Registers the endpoint, its `UploadService`, `UploadEvents` and storage.
   *
   * @example
   * TusModule.forRoot({ path: 'files', storage: new LocalStorage({ directory: './uploads' }) })
   * @throws TusOptionError for an option that cannot be what it is, with the fix.
   */
  static forRoot(options: TusModuleOptions): DynamicModule {
    // At once, so that the stack points to the call.
    const resolved = resolveOptions(options);
    return registration(options, [
      { provide: RESOLVED_OPTIONS, useValue: resolved },
      storageProvider(options.name, options.storage),
    ]);
  }

  /**
   * The same with options that are made when the application starts. What Nest needs before that (`path`, `name`,
   * `isGlobal`, `controller`) stands beside the factory.
   */
  static forRootAsync(options: TusModuleAsyncOptions): DynamicModule {
    return registration(options, [
      ...optionsProviders(options),
      { provide: RESOLVED_OPTIONS, useFactory: resolveOptions, inject: [GIVEN_OPTIONS] },
      options.storage
        ? storageProvider(options.name, options.storage)
        : asyncStorageProvider(options.name, GIVEN_OPTIONS),
    ]);
  }
}

function registration(options: TusRegistration, providers: Provider[]): DynamicModule {
  const { name, path = DEFAULT_PATH } = options;
  return {
    module: TusModule,
    global: options.isGlobal ?? false,
    imports: [DiscoveryModule, ...(options.imports ?? [])],
    controllers: [controllerAt(path, options.controller)],
    providers: [...providers, ...engineProviders(name), ...httpProviders(name, path)],
    exports: [getUploadServiceToken(name), getUploadEventsToken(name), getTusStorageToken(name)],
  };
}

/** A class of its own for each registration: a controller has one path. */
function controllerAt(path: string, base: Type<TusController> = TusController): Type<TusController> {
  if (base !== TusController && !(base.prototype instanceof TusController)) {
    throw new TusOptionError('controller', base, 'give a class that extends TusController');
  }
  const controller = { [base.name]: class extends base {} }[base.name] as Type<TusController>;
  // The decorator would take away a version that the subclass was given.
  const version = Reflect.getMetadata('__version__', base) as ControllerOptions['version'];
  Controller({ path, ...(version && { version }) })(controller);
  return controller;
}

function optionsProviders(options: TusModuleAsyncOptions): Provider[] {
  const provide = GIVEN_OPTIONS;
  if (options.useFactory) {
    const useFactory = options.useFactory as (
      ...dependencies: unknown[]
    ) => AsyncOptions | Promise<AsyncOptions>;
    return [{ provide, useFactory, inject: [...(options.inject ?? [])] }];
  }
  const token = options.useExisting ?? options.useClass;
  if (!token) throw new TusOptionError('useFactory', undefined, 'give useFactory, useClass or useExisting');
  const made = {
    provide,
    useFactory: (factory: TusOptionsFactory) => factory.createTusOptions(),
    inject: [token],
  };
  return options.useExisting || !options.useClass ? [made] : [options.useClass, made];
}
