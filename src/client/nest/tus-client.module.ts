import type {
  DynamicModule,
  InjectionToken,
  ModuleMetadata,
  OptionalFactoryDependency,
  Provider,
  Type,
} from '@nestjs/common';
import { TusClientOptionError } from '../errors/client-option.error.js';
import type { TusClientOptions } from '../options.js';
import { TusClient } from '../tus-client.js';

interface Registration {
  /**
   * Whether all modules can inject `TusClient` without importing this one.
   * @default false
   */
  readonly isGlobal?: boolean;
}

export type TusClientModuleOptions = TusClientOptions & Registration;

/** Makes the options of the client. */
export interface TusClientOptionsFactory {
  createTusClientOptions(): TusClientOptions | Promise<TusClientOptions>;
}

/** One of `useFactory`, `useClass` and `useExisting`. */
export interface TusClientModuleAsyncOptions extends Registration, Pick<ModuleMetadata, 'imports'> {
  readonly useFactory?: (...dependencies: never[]) => TusClientOptions | Promise<TusClientOptions>;
  readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[];
  readonly useClass?: Type<TusClientOptionsFactory>;
  readonly useExisting?: InjectionToken<TusClientOptionsFactory>;
}

// Without @Module(), which Nest does not need of a dynamic module: this subpath is for programs without Nest, too.
/** Makes `TusClient` injectable. */
// oxlint-disable-next-line typescript/no-extraneous-class -- Nest takes a class.
export class TusClientModule {
  /**
   * @example TusClientModule.forRoot({ endpoint: 'https://example.com/files' })
   * @throws TusClientOptionError for an option that cannot be what it is, with the fix.
   */
  static forRoot({ isGlobal = false, ...options }: TusClientModuleOptions): DynamicModule {
    const provider = { provide: TusClient, useValue: new TusClient(options) };
    return { module: TusClientModule, global: isGlobal, providers: [provider], exports: [TusClient] };
  }

  /** The same with options that are made when the application starts. */
  static forRootAsync(options: TusClientModuleAsyncOptions): DynamicModule {
    return {
      module: TusClientModule,
      global: options.isGlobal ?? false,
      imports: options.imports ?? [],
      providers: providersOf(options),
      exports: [TusClient],
    };
  }
}

function providersOf({ useFactory, inject, useClass, useExisting }: TusClientModuleAsyncOptions): Provider[] {
  if (useFactory) {
    const make = useFactory as (...dependencies: unknown[]) => Made;
    return [clientBy(make, [...(inject ?? [])])];
  }
  const token = useExisting ?? useClass;
  if (!token)
    throw new TusClientOptionError('useFactory', undefined, 'give useFactory, useClass or useExisting');
  const made = clientBy((factory: TusClientOptionsFactory) => factory.createTusClientOptions(), [token]);
  return useClass && !useExisting ? [useClass, made] : [made];
}

type Made = TusClientOptions | Promise<TusClientOptions>;

function clientBy<Arguments extends never[]>(
  make: (...dependencies: Arguments) => Made,
  inject: (InjectionToken | OptionalFactoryDependency)[],
): Provider {
  return {
    provide: TusClient,
    useFactory: async (...dependencies: unknown[]) =>
      new TusClient(await make(...(dependencies as Arguments))),
    inject,
  };
}
