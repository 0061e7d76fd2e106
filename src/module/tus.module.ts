import { Controller, Module } from '@nestjs/common';
import type { ControllerOptions, DynamicModule, Provider, ScopeOptions, Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TusController } from '../http/tus.controller.js';
import { checkRegistration, refuseRegistration } from './check-registration.js';
import { engineProviders, RESOLVED_OPTIONS } from './engine-providers.js';
import { httpProviders } from './http-providers.js';
import { resolveOptions } from './resolve-options.js';
import { asyncStorageProvider, storageProvider } from './storage-provider.js';
import { getTusStorageToken, getUploadEventsToken, getUploadServiceToken } from './tokens.js';
import { wrongOption } from './wrong-option.js';
import type {
  AsyncOptions,
  DatabaseSource,
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

function registration(
  options: TusRegistration & { readonly database?: DatabaseSource },
  providers: Provider[],
): DynamicModule {
  checkRegistration(options);
  const { name, path = DEFAULT_PATH } = options;
  const controller = controllerAt(path, options.controller);
  return {
    module: TusModule,
    global: options.isGlobal ?? false,
    imports: [DiscoveryModule, ...(options.imports ?? [])],
    controllers: [controller],
    providers: [
      ...providers,
      ...engineProviders(name, options.database),
      ...httpProviders({ name, path, controller }),
    ],
    exports: [getUploadServiceToken(name), getUploadEventsToken(name), getTusStorageToken(name)],
  };
}

/** A class of its own for each registration: a controller has one path. */
function controllerAt(path: string, base: Type<TusController> = TusController): Type<TusController> {
  const controller = { [base.name]: class extends base {} }[base.name] as Type<TusController>;
  Controller({ ...givenOptions(base), path })(controller);
  return controller;
}

/** What `@Controller` of the subclass says besides the path; the decorator of our class would take it away. */
function givenOptions(base: Type<TusController>): ControllerOptions {
  const version = Reflect.getMetadata('__version__', base) as ControllerOptions['version'];
  const host = Reflect.getMetadata('host', base) as ControllerOptions['host'];
  const scope = Reflect.getMetadata('scope:options', base) as ScopeOptions | undefined;
  return { ...scope, ...(version && { version }), ...(host && { host }) };
}

function optionsProviders(options: TusModuleAsyncOptions): Provider[] {
  const { useFactory, useClass, useExisting } = options;
  if (useFactory) {
    const make = useFactory as (...dependencies: unknown[]) => Made;
    return [madeBy(make, [...(options.inject ?? [])])];
  }
  const token = useExisting ?? useClass;
  if (!token) throw wrongOption('useFactory', undefined, 'give useFactory, useClass or useExisting');
  const made = madeBy((factory: TusOptionsFactory) => factory.createTusOptions(), [token]);
  return useExisting || !useClass ? [made] : [useClass, made];
}

type Made = AsyncOptions | Promise<AsyncOptions>;

function madeBy<Arguments extends never[]>(
  make: (...dependencies: Arguments) => Made,
  inject: NonNullable<TusModuleAsyncOptions['inject']>,
): Provider {
  return {
    provide: GIVEN_OPTIONS,
    useFactory: async (...dependencies: unknown[]) => {
      const made = await make(...(dependencies as Arguments));
      refuseRegistration(made);
      return made;
    },
    inject: [...inject],
  };
}
