import { join } from 'node:path';
import type { Provider } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { connectionTo, isDataSource } from '../repository/typeorm/connection-to.js';
import type { SqliteFile } from '../repository/typeorm/connection-to.js';
import type { DatabaseConnection } from '../repository/typeorm/sql-connection.js';
import type { UploadStorage } from '../storage/upload-storage.js';
import type { ExpirationSettings } from '../uploads/upload-deps.js';
import { checkUnfinishedAge } from './expiration-options.js';
import { checkStorage } from './storage-provider.js';
import type { DatabaseFactory, DatabaseSource, TusOptions } from './tus-module-options.js';
import { wrongOption } from './wrong-option.js';

/** What the option gave, or a factory with what it injects. */
export const DATABASE_SOURCE = Symbol('nestjs-tus:database-source');

/** The database of a registration; `optionsToken` is that of its resolved options. */
export function databaseProvider(database: DatabaseSource | undefined, optionsToken: symbol): Provider {
  const provide = DATABASE_SOURCE;
  if (isDatabaseFactory(database)) {
    const useFactory = database.useFactory as (...dependencies: unknown[]) => DataSource;
    return { provide, useFactory, inject: [...(database.inject ?? [])] };
  }
  return {
    provide,
    useFactory: (options: Pick<TusOptions, 'database'>) => options.database,
    inject: [optionsToken],
  };
}

/** Opens the database that was given, else a file beside what the storage keeps. */
export async function openDatabase(
  given: DatabaseSource | undefined,
  storage: UploadStorage,
  { expiration }: { readonly expiration: ExpirationSettings },
): Promise<DatabaseConnection> {
  checkStorage(storage);
  checkUnfinishedAge(storage, expiration);
  const source = typeof given === 'function' ? await given() : (given ?? besides(storage));
  const connection = connectionTo(checked(source));
  await storage.start?.();
  await connection.open();
  return connection;
}

export function isDatabaseFactory(database: unknown): database is DatabaseFactory {
  return typeof (database as Partial<DatabaseFactory> | undefined)?.useFactory === 'function';
}

function besides({ homeDirectory }: UploadStorage): SqliteFile {
  if (homeDirectory) return { path: join(homeDirectory, 'uploads.sqlite') };
  throw wrongOption(
    'database',
    undefined,
    'give { path } of a SQLite file, or a DataSource: this storage keeps nothing on this machine',
  );
}

function checked(source: unknown): SqliteFile | DataSource {
  if (isDataSource(source) || typeof (source as Partial<SqliteFile> | undefined)?.path === 'string') {
    return source as SqliteFile | DataSource;
  }
  const fix = isDatabaseFactory(source)
    ? 'put it beside the factory of the options, where it can inject'
    : 'let the factory return a DataSource of TypeORM';
  throw wrongOption('database', source, fix);
}
