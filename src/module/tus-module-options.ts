import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import type { TusController } from '../http/tus.controller.js';
import type { ChecksumAlgorithm } from '../model/checksum.js';
import type { CorsOptions } from '../protocol/tus/cors.js';
import type { TusExtension } from '../protocol/tus/extensions.js';
import type { SqliteFile } from '../repository/typeorm/connection-to.js';
import type { Expiration } from './expiration-options.js';
import type { UploadStorage } from '../storage/upload-storage.js';

/** A storage that Nest makes, with what it injects. */
export interface StorageFactory {
  readonly useFactory: (...dependencies: never[]) => UploadStorage | Promise<UploadStorage>;
  readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[];
}

/** An instance, a class that Nest resolves, or a factory. */
export type StorageSource = UploadStorage | Type<UploadStorage> | StorageFactory;

/** A `DataSource` that Nest provides, such as `{ inject: [DataSource], useFactory: (source) => source }`. */
export interface DatabaseFactory {
  readonly useFactory: (...dependencies: never[]) => DataSource | Promise<DataSource>;
  readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[];
}

/** A SQLite file, an initialised `DataSource` of TypeORM, a function that returns one, or a factory that injects. */
export type DatabaseSource =
  SqliteFile | DataSource | (() => DataSource | Promise<DataSource>) | DatabaseFactory;

/** What stands beside `useFactory`, because Nest needs it before any provider exists. */
export interface TusRegistration {
  /**
   * Path of the endpoint, below the global prefix. The empty path takes every path of one segment that no controller
   * before it has: beside other controllers give the uploads a path of their own.
   * @default 'files'
   */
  readonly path?: string;
  /**
   * Name of the registration, for applications with several: see `InjectUploadEvents` and its siblings. It stands in
   * the rows of its uploads, so it must not change while there are any.
   * @default none
   */
  readonly name?: string;
  /**
   * Whether all modules can inject what this one exports, without importing it.
   * @default false
   */
  readonly isGlobal?: boolean;
  /**
   * A subclass of `TusController`, to put guards and interceptors on, or to override a step.
   * @default TusController
   */
  readonly controller?: Type<TusController>;
  /** Modules whose providers the storage injects. */
  readonly imports?: ModuleMetadata['imports'];
}

export interface TusOptions {
  /** Where the bytes go. */
  readonly storage: StorageSource;
  /**
   * What holds the rows of the uploads: a SQLite file, or PostgreSQL, MySQL 8 or MariaDB 10.6 through the
   * application's `DataSource`. Its pool is used, never one of its transactions; its entities and migrations are left
   * alone. The tables are made and kept up to date at start. Of a `DataSource` for SQLite only the path is taken.
   * @default `uploads.sqlite` in the storage's own folder; a storage that has none on this machine needs this option
   */
  readonly database?: DatabaseSource;
  /**
   * Bytes that an upload may have at most, also one of deferred length, and a final.
   * @default no limit
   */
  readonly maxSize?: number;
  /**
   * The extensions of tus that are enabled.
   * @default all that this version has
   */
  readonly extensions?: readonly TusExtension[];
  /**
   * When uploads expire: `'24h'` covers all of them, `{ unfinished: '24h' }` leaves completed ones alone, `false`
   * keeps everything.
   * @default { unfinished: '24h' }
   */
  readonly expiration?: Expiration;
  /**
   * Algorithms that clients may check their requests with (`Upload-Checksum`), the preferred first. `sha1` has to be
   * among them (CHK-01).
   * @default ['sha1', 'sha256']
   */
  readonly checksums?: readonly ChecksumAlgorithm[];
  /**
   * CORS on the uploads: `true` for any origin without credentials, or what is allowed. `false` leaves it to the
   * application; `true` and options take the place of the application's own on the uploads.
   * @default false
   */
  readonly cors?: boolean | CorsOptions;
  /**
   * Whether complete uploads can be read with `GET` at their URL, by everybody whom the guards let in: see
   * docs/downloads.md.
   * @default false
   */
  readonly downloads?: boolean;
  /**
   * Bytes of an `Upload-Metadata` header at most.
   * @default 4096
   */
  readonly maxMetadataBytes?: number;
  /**
   * Partials in one final at most. Long lists need a larger `--max-http-header-size` of Node.
   * @default 1000
   */
  readonly maxPartials?: number;
  /**
   * Whether partials give up their bytes once they are merged.
   * @default 'release'
   */
  readonly partials?: 'release' | 'keep';
  /**
   * Milliseconds after which a merge is answered before it is done; `HEAD` tells when it is.
   * @default 30000
   */
  readonly respondAfter?: number;
  /**
   * Milliseconds without a byte of body before the connection is closed; what arrived is kept. 0 waits for ever.
   * @default 30000
   */
  readonly bodyIdleTimeout?: number;
  /**
   * Bytes of bodies that all uploads of this registration together keep in memory, at least 1 MiB. Where it is used up,
   * connections wait their turn. What Node keeps for each connection, about 64 KiB while it reads, comes on top.
   * @default 67108864 (64 MiB)
   */
  readonly memoryBudget?: number;
}

export type TusModuleOptions = TusOptions & TusRegistration;

/** Makes the options when the application starts. */
export interface TusOptionsFactory {
  createTusOptions(): AsyncOptions | Promise<AsyncOptions>;
}

export interface TusModuleAsyncOptions extends TusRegistration {
  /** Makes the options. One of `useFactory`, `useClass` and `useExisting` is needed. */
  readonly useFactory?: (...dependencies: never[]) => AsyncOptions | Promise<AsyncOptions>;
  /** What `useFactory` is called with. */
  readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[];
  /** A class that makes the options. */
  readonly useClass?: Type<TusOptionsFactory>;
  /** A provider of an imported module that makes the options. */
  readonly useExisting?: InjectionToken<TusOptionsFactory>;
  /** A storage that Nest resolves; an instance can come with the options instead. */
  readonly storage?: Type<UploadStorage> | StorageFactory;
  /** A database that Nest provides; a file, a `DataSource` or a function can come with the options instead. */
  readonly database?: DatabaseFactory;
}

/** The storage and the database may stand beside the factory instead. */
export type AsyncOptions = Omit<TusOptions, 'storage' | 'database'> & {
  readonly storage?: UploadStorage;
  readonly database?: Exclude<DatabaseSource, DatabaseFactory>;
};
