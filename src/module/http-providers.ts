import type { Provider, Type } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { CompletionRelay } from '../events/relay/completion-relay.js';
import { FrontDoor } from '../http/front-door.js';
import { TUS_HTTP } from '../http/tus-http.js';
import type { TusHttp } from '../http/tus-http.js';
import type { TusController } from '../http/tus.controller.js';
import { Maintenance } from '../maintenance/maintenance.js';
import type { DatabaseConnection } from '../repository/typeorm/sql-connection.js';
import type { UploadDeps } from '../uploads/upload-deps.js';
import type { UploadService } from '../uploads/upload.service.js';
import { checkUnique, REGISTRATION, UNIQUE_REGISTRATION } from './check-unique.js';
import type { Registration } from './check-unique.js';
import { CONNECTION, RESOLVED_OPTIONS, UPLOAD_DEPS } from './engine-providers.js';
import { KnownHooks } from './known-hooks.js';
import type { ResolvedOptions } from './resolve-options.js';
import { getUploadServiceToken } from './tokens.js';
import { TusLifecycle } from './tus-lifecycle.js';
import { wrongOption } from './wrong-option.js';

interface HttpRegistration extends Registration {
  readonly controller: Type<TusController>;
}

/** What speaks HTTP, and what begins and ends with the application. */
export function httpProviders(registration: HttpRegistration): Provider[] {
  const { name, path, controller } = registration;
  return [
    { provide: REGISTRATION, useValue: registration },
    { provide: UNIQUE_REGISTRATION, useFactory: checkUnique, inject: [ModulesContainer] },
    {
      provide: TUS_HTTP,
      useFactory: (options: ResolvedOptions, uploads: UploadService): TusHttp => ({
        uploads,
        settings: {
          path,
          extensions: options.extensions,
          checksums: options.checksums,
          downloads: options.downloads,
          maxMetadataBytes: options.maxMetadataBytes,
          maxPartials: options.maxPartials,
          bodyIdleTimeout: options.bodyIdleTimeout,
          location: options.location,
          owner: options.owner,
          authorize: options.authorize,
          ...(options.maxSize !== undefined && { maxSize: options.maxSize }),
          ...(options.validateMetadata && { validateMetadata: options.validateMetadata }),
          ...(options.cors !== false && { cors: options.cors === true ? {} : options.cors }),
        },
      }),
      inject: [RESOLVED_OPTIONS, getUploadServiceToken(name)],
    },
    {
      provide: FrontDoor,
      useFactory: (...[http, adapterHost, config, modules]: FrontDoorParts) =>
        new FrontDoor({ http, controller, adapterHost, config, modules, refuse: refusePath }),
      inject: [TUS_HTTP, HttpAdapterHost, ApplicationConfig, ModulesContainer],
    },
    {
      provide: TusLifecycle,
      useFactory: (...[deps, relay, maintenance, connection, knownHooks]: LifecycleParts) =>
        new TusLifecycle({
          knownHooks,
          hooks: deps.hooks,
          relay,
          locker: deps.locker,
          background: deps.background,
          maintenance,
          connection,
        }),
      inject: [UPLOAD_DEPS, CompletionRelay, Maintenance, CONNECTION, KnownHooks],
    },
  ];
}

function refusePath(path: string, fix: string): Error {
  return wrongOption('path', path, fix);
}

type FrontDoorParts = [TusHttp, HttpAdapterHost, ApplicationConfig, ModulesContainer];
type LifecycleParts = [UploadDeps, CompletionRelay, Maintenance, DatabaseConnection, KnownHooks];
