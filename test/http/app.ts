import type { AddressInfo, Server as NetServer } from 'node:net';
import { Controller, Module } from '@nestjs/common';
import type { INestApplication, ModuleMetadata, Type } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { FrontDoor } from '../../src/http/front-door.js';
import type { HttpSettings } from '../../src/http/http-settings.js';
import { TusController } from '../../src/http/tus.controller.js';
import { TUS_HTTP } from '../../src/http/tus-http.js';
import type { TusHttp } from '../../src/http/tus-http.js';
import { TUS_EXTENSIONS } from '../../src/protocol/tus/extensions.js';
import { FakeUploads } from './fake-uploads.js';

export type Platform = 'express' | 'fastify';
export const PLATFORMS: readonly Platform[] = ['express', 'fastify'];

export interface AppOptions {
  readonly settings?: Partial<HttpSettings>;
  /** Default: the module's own controller at `files`. */
  readonly controller?: Type<TusController>;
  readonly providers?: ModuleMetadata['providers'];
  /** What `main.ts` does between create and listen. */
  readonly setUp?: (app: INestApplication) => void;
  readonly adapter?: ExpressAdapter | FastifyAdapter;
}

export interface RunningApp {
  readonly app: INestApplication;
  readonly uploads: FakeUploads;
  readonly port: number;
  close(): Promise<void>;
}

/** The module's own controller, as the module puts it at a path. */
@Controller('files')
export class FilesController extends TusController {}

/** An application with one endpoint over uploads in memory, listening on a free port. */
export async function startApp(platform: Platform, options: AppOptions = {}): Promise<RunningApp> {
  const uploads = new FakeUploads();
  const settings: HttpSettings = {
    path: 'files',
    extensions: TUS_EXTENSIONS,
    checksums: ['sha1'],
    downloads: false,
    maxMetadataBytes: 4096,
    maxPartials: 3,
    bodyIdleTimeout: 30_000,
    ...options.settings,
  };
  const app = await NestFactory.create(
    moduleOf({ uploads, settings }, options),
    options.adapter ?? (platform === 'express' ? new ExpressAdapter() : new FastifyAdapter()),
    { logger: false, forceCloseConnections: true },
  );
  options.setUp?.(app);
  await app.listen(0, '127.0.0.1');
  const server = app.getHttpServer() as NetServer;
  return { app, uploads, port: (server.address() as AddressInfo).port, close: () => app.close() };
}

function moduleOf(http: TusHttp, options: AppOptions): Type {
  class TestModule {}
  const controller = options.controller ?? FilesController;
  const refuse = (path: string, fix: string) => new Error(`${path}: ${fix}`);
  Module({
    controllers: [controller],
    providers: [
      { provide: TUS_HTTP, useValue: http },
      {
        provide: FrontDoor,
        inject: [HttpAdapterHost, ApplicationConfig, ModulesContainer],
        useFactory: (adapterHost: HttpAdapterHost, config: ApplicationConfig, modules: ModulesContainer) =>
          new FrontDoor({ http, controller, adapterHost, config, modules, refuse }),
      },
      ...(options.providers ?? []),
    ],
  })(TestModule);
  return TestModule;
}
