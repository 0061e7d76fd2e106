import { Logger } from '@nestjs/common';
import type { InjectionToken, Provider } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { CompletionRelay } from '../events/relay/completion-relay.js';
import type { OrphanedDeliveries } from '../events/relay/failed-deliveries.js';
import type { FailedCall } from '../events/relay/hook-calls.js';
import type { HookLists } from '../events/hook-lists.js';
import { UploadEvents } from '../events/upload-events.js';
import { UploadHooks } from '../events/upload-hooks.js';
import type { FailedHook } from '../events/upload-hooks.js';
import { LeaseLocker } from '../locks/lease/lease-locker.js';
import { LOCKER } from '../locks/locker.js';
import { Maintenance } from '../maintenance/maintenance.js';
import type { CompletedUpload } from '../model/upload.js';
import { DELIVERY_REPOSITORY } from '../repository/delivery-repository.js';
import { RETRY_REPOSITORY } from '../repository/retry-repository.js';
import type { DatabaseConnection } from '../repository/typeorm/sql-connection.js';
import { TypeOrmDeliveryRepository } from '../repository/typeorm/typeorm-delivery-repository.js';
import { TypeOrmPartRepository } from '../repository/typeorm/typeorm-part-repository.js';
import { TypeOrmRetryRepository } from '../repository/typeorm/typeorm-retry-repository.js';
import { TypeOrmUploadRepository } from '../repository/typeorm/typeorm-upload-repository.js';
import { PART_REPOSITORY } from '../repository/part-repository.js';
import { UPLOAD_REPOSITORY } from '../repository/upload-repository.js';
import type { UploadStorage } from '../storage/upload-storage.js';
import { Background } from '../uploads/background.js';
import { BodyBudget } from '../uploads/body-budget.js';
import { ChunkMemory } from '../uploads/chunk-memory.js';
import { extensionOf } from '../uploads/extension.js';
import { Merges } from '../uploads/merges.js';
import { Recovery } from '../uploads/recovery.js';
import { UploadService } from '../uploads/upload.service.js';
import type { UploadDeps, UploadSettings } from '../uploads/upload-deps.js';
import { UNIQUE_REGISTRATION } from './check-unique.js';
import { KnownHooks } from './known-hooks.js';
import { DATABASE_SOURCE, databaseProvider, openDatabase } from './open-database.js';
import type { ResolvedOptions } from './resolve-options.js';
import { DEFAULT_NAME, getTusStorageToken, getUploadEventsToken, getUploadServiceToken } from './tokens.js';
import type { DatabaseSource } from './tus-module-options.js';

/** Tokens of one registration that nobody outside it injects. */
export const RESOLVED_OPTIONS = Symbol('nestjs-tus:options');
export const UPLOAD_DEPS = Symbol('nestjs-tus:upload-deps');
const CONNECTION = Symbol('nestjs-tus:connection');

const logger = new Logger('TusModule');

/** The rooms of one registration, wired from the bytes upwards. */
export function engineProviders(name: string | undefined, database: DatabaseSource | undefined): Provider[] {
  return [
    databaseProvider(database, RESOLVED_OPTIONS),
    ...rowProviders(name),
    ...eventProviders(name),
    ...uploadProviders(name),
  ];
}

function rowProviders(name: string | undefined): Provider[] {
  const endpoint = name ?? DEFAULT_NAME;
  return [
    // Nothing is opened for an application that cannot start.
    provide(
      CONNECTION,
      [DATABASE_SOURCE, getTusStorageToken(name), RESOLVED_OPTIONS, UNIQUE_REGISTRATION],
      openDatabase,
    ),
    provide(UPLOAD_REPOSITORY, [CONNECTION], (connection: DatabaseConnection) => {
      return new TypeOrmUploadRepository(connection, endpoint);
    }),
    provide(PART_REPOSITORY, [CONNECTION], (connection: DatabaseConnection) => {
      return new TypeOrmPartRepository(connection, endpoint);
    }),
    provide(DELIVERY_REPOSITORY, [CONNECTION], (connection: DatabaseConnection) => {
      return new TypeOrmDeliveryRepository(connection, endpoint);
    }),
    provide(RETRY_REPOSITORY, [CONNECTION], (connection: DatabaseConnection) => {
      return new TypeOrmRetryRepository(connection, endpoint);
    }),
    provide(
      LOCKER,
      [UPLOAD_REPOSITORY, RESOLVED_OPTIONS, getTusStorageToken(name)],
      (repository: UploadDeps['repository'], { expiration }: ResolvedOptions, storage: UploadStorage) => {
        const extend = extensionOf(expiration, storage);
        return new LeaseLocker({ repository, extend, onError: logged('Leases were not renewed') });
      },
    ),
  ];
}

function eventProviders(name: string | undefined): Provider[] {
  return [
    provide(
      getUploadEventsToken(name),
      [],
      () => new UploadEvents(logged('A subscriber of UploadEvents failed; uploads and others go on')),
    ),
    provide(KnownHooks, [DiscoveryService], (discovery: DiscoveryService) => new KnownHooks(discovery, name)),
    provide(
      UploadHooks,
      [getUploadEventsToken(name), RESOLVED_OPTIONS, KnownHooks],
      (events: UploadEvents, { progressInterval }: ResolvedOptions, known: KnownHooks) => {
        const findHooks = (): HookLists => known.get();
        return new UploadHooks({ events, progressInterval, findHooks, onError: logFailedHook });
      },
    ),
    provide(
      CompletionRelay,
      [DELIVERY_REPOSITORY, RETRY_REPOSITORY, RESOLVED_OPTIONS, KnownHooks],
      (
        ...[deliveries, retries, { delivery: settings }, known]: [
          TypeOrmDeliveryRepository,
          TypeOrmRetryRepository,
          ResolvedOptions,
          KnownHooks,
        ]
      ) => {
        const findHooks = () => known.get().onUploadComplete;
        const told = { onError: deliveryFailed, onLong: warnOfLongCall };
        return new CompletionRelay({ deliveries, retries, settings, findHooks, ...told });
      },
    ),
  ];
}

function uploadProviders(name: string | undefined): Provider[] {
  const rooms = [UPLOAD_REPOSITORY, PART_REPOSITORY, LOCKER, UploadHooks, CompletionRelay, Background];
  return [
    provide(
      Background,
      [],
      () => new Background((error) => logger.warn(`In the background: ${String(error)}`)),
    ),
    provide(
      UPLOAD_DEPS,
      [RESOLVED_OPTIONS, getTusStorageToken(name), ...rooms],
      (
        ...[options, storage, repository, parts, locker, hooks, outbox, background]: EngineParts
      ): UploadDeps => {
        const endpoint = name ?? DEFAULT_NAME;
        const settings = settingsOf(options);
        const budget = new BodyBudget(options.memoryBudget);
        const memory = options.freeChunks ? new ChunkMemory() : undefined;
        const engine = { budget, memory, storage, repository, parts, locker, hooks, outbox, background };
        return { endpoint, storageName: endpoint, ...engine, settings };
      },
    ),
    provide(Merges, [UPLOAD_DEPS], (deps: UploadDeps) => new Merges(deps)),
    provide(getUploadServiceToken(name), [UPLOAD_DEPS, Merges], (deps: UploadDeps, merges: Merges) => {
      return new UploadService(deps, merges);
    }),
    provide(Recovery, [UPLOAD_DEPS, Merges], (deps: UploadDeps, merges: Merges) => {
      return new Recovery(deps, merges, (error, id) =>
        logger.error(`Upload ${id} could not be taken up`, error),
      );
    }),
    provide(Maintenance, [Recovery, CompletionRelay], (recovery: Recovery, relay: CompletionRelay) => {
      return new Maintenance({
        recovery,
        relay,
        onError: logged('Maintenance failed'),
        onOrphans: warnOfOrphans,
      });
    }),
  ];
}

function warnOfOrphans({ providers, uploads }: OrphanedDeliveries): void {
  const end = 'or end them by UploadService.dismissDelivery.';
  if (providers.length > 0) {
    const names = providers.join(', ');
    logger.warn(
      `Deliveries of OnUploadComplete wait for ${names}, and no process calls them: provide them under these names, ` +
        `see UploadService.failedDeliveries, ${end}`,
    );
  }
  if (uploads.length > 0) {
    const ids = uploads.join(', ');
    logger.warn(
      `Complete uploads wait for a provider with OnUploadComplete, and there is none: ${ids}. Provide one, ${end}`,
    );
  }
}

function deliveryFailed(error: unknown, { id }: CompletedUpload, failed?: FailedCall): void {
  if (!failed) return logger.error(`How OnUploadComplete ended for ${id} was not recorded`, error);
  const { provider, delay } = failed;
  const then =
    delay === null
      ? 'and is given up: see UploadService.failedDeliveries'
      : `and is called again in ${Math.ceil(delay / 1000)} s`;
  logger.error(`OnUploadComplete of ${provider} failed for ${id} ${then}`, error);
}

function warnOfLongCall({ id }: CompletedUpload, provider: string, minutes: number): void {
  logger.warn(
    `OnUploadComplete of ${provider} has run for ${id} for ${minutes} minutes, and keeps its place among ` +
      '"delivery.concurrency": give what it waits for a time limit.',
  );
}

function logged(message: string): (error: unknown) => void {
  return (error) => logger.error(message, error);
}

function logFailedHook(error: unknown, { method, name, uploadId, keep }: FailedHook): void {
  const then = keep ? '; the upload is kept, and it is asked again' : '';
  logger.error(`${method} of ${name} failed for ${uploadId}${then}`, error);
}

function settingsOf(options: ResolvedOptions): UploadSettings {
  return {
    // What a function says of a request comes with the call.
    maxSize: typeof options.maxSize === 'number' ? options.maxSize : undefined,
    idGenerator: options.idGenerator,
    key: options.key,
    keepPartials: options.partials === 'keep',
    unfinishedFinals: options.extensions.includes('concatenation-unfinished'),
    respondAfter: options.respondAfter,
    bodyIdleTimeout: options.bodyIdleTimeout,
    expiration: options.expiration,
  };
}

type EngineParts = [
  ResolvedOptions,
  UploadStorage,
  UploadDeps['repository'],
  UploadDeps['parts'],
  UploadDeps['locker'],
  UploadHooks,
  CompletionRelay,
  Background,
];

/** @internal The token of the connection, which the lifecycle closes last. */
export { CONNECTION };

function provide<Arguments extends never[]>(
  token: InjectionToken,
  inject: InjectionToken[],
  useFactory: (...dependencies: Arguments) => unknown,
): Provider {
  return { provide: token, inject, useFactory: useFactory as (...dependencies: unknown[]) => unknown };
}
