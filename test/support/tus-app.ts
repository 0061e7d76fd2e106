import type { AddressInfo } from 'node:net';
import type { INestApplication, NestApplicationOptions, Type } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { TusModule } from '../../src/index.js';
import type { TusModuleOptions } from '../../src/index.js';
import { localPlace } from './storages/local-place.js';
import type { TestPlace } from './storages/test-place.js';

export const PLATFORMS = ['express', 'fastify'] as const;
export type Platform = (typeof PLATFORMS)[number];

export interface TusAppOptions {
  readonly platform?: Platform;
  /** Options of the module; a storage on the place is given if there is none. */
  readonly tus?: Partial<TusModuleOptions>;
  /** Further modules, providers and application settings. */
  readonly imports?: NonNullable<Parameters<typeof Test.createTestingModule>[0]['imports']>;
  readonly providers?: NonNullable<Parameters<typeof Test.createTestingModule>[0]['providers']>;
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
  readonly configure?: (app: INestApplication) => void | Promise<void>;
  readonly nest?: NestApplicationOptions;
  /** Where uploads are kept, which is not removed. Default: a folder of this application alone. */
  readonly place?: TestPlace;
  /** The folder of local uploads, which is not removed. */
  readonly directory?: string;
}

/** A listening Nest application with a `TusModule`. */
export class TusApp {
  private constructor(
    readonly nest: INestApplication,
    readonly place: TestPlace,
    readonly origin: string,
    private readonly keepPlace: boolean,
  ) {}

  static async start(options: TusAppOptions = {}): Promise<TusApp> {
    const keep = options.place !== undefined || options.directory !== undefined;
    const place = options.place ?? (await localPlace(options.directory));
    const { database } = place;
    const tus = { storage: place.open(), ...(database && { database }), ...options.tus };
    const builder = Test.createTestingModule({
      imports: [TusModule.forRoot(tus), ...(options.imports ?? [])],
      providers: options.providers ?? [],
    });
    const module = await (options.override?.(builder) ?? builder).compile();
    const adapter = options.platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
    const nest = module.createNestApplication(adapter, { logger: false, ...options.nest });
    await options.configure?.(nest);
    await nest.listen(0, '127.0.0.1');
    const { port } = nest.getHttpServer().address() as AddressInfo;
    return new TusApp(nest, place, `http://127.0.0.1:${port}`, keep);
  }

  get directory(): string {
    return this.place.directory;
  }

  /** The creation endpoint. */
  get endpoint(): string {
    return `${this.origin}/files`;
  }

  get<T>(token: Type<T> | string | symbol): T {
    return this.nest.get<T>(token, { strict: false });
  }

  async stop(): Promise<void> {
    await this.nest.close();
    if (!this.keepPlace) await this.place.close();
  }
}
