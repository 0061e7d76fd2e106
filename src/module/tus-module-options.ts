import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import type { TusController } from '../http/tus.controller.js';
import type { Authorize, OwnerOf } from '../model/authorization.js';
import type { ChecksumAlgorithm } from '../model/checksum.js';
import type { IdGenerator, KeyGenerator, MetadataValidator } from '../model/naming.js';
import type { Resolvable } from '../model/resolvable.js';
import type { CorsOptions } from '../protocol/tus/cors.js';
import type { TusExtension } from '../protocol/tus/extensions.js';
import type { SqliteFile } from '../repository/typeorm/connection-to.js';
import type { DeliveryOptions } from './delivery-options.js';
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
   * @throws TusOptionError give plain segments such as 'media/videos', without parameters
   * @throws TusOptionError another registration serves it: give each a path of its own
   */
  readonly path?: string;
  /**
   * Name of the registration, for applications with several: see `InjectUploadEvents` and its siblings. It stands in
   * the rows of its uploads, so it must not change while there are any.
   * @default none
   * @throws TusOptionError give a text of 1 to 255 characters that is not 'default'
   */
  readonly name?: string;
  /**
   * Whether all modules can inject what this one exports, without importing it.
   * @default false
   * @throws TusOptionError use true or false
   */
  readonly isGlobal?: boolean;
  /**
   * A subclass of `TusController`, to put guards and interceptors on, or to override a step.
   * @default TusController
   * @throws TusOptionError give a class that extends TusController
   */
  readonly controller?: Type<TusController>;
  /**
   * Modules whose providers the storage injects.
   * @default none
   */
  readonly imports?: ModuleMetadata['imports'];
}

export interface TusOptions {
  /**
   * Where the bytes go.
   * @default none, it has to be given
   * @throws TusOptionError give an instance such as new LocalStorage({ directory }), a class, or { useFactory, inject }
   */
  readonly storage: StorageSource;
  /**
   * What holds the rows of the uploads: a SQLite file, or PostgreSQL, MySQL 8 or MariaDB 10.6 through the
   * application's `DataSource`. Its pool is used, never one of its transactions; its entities and migrations are left
   * alone. The tables are made and kept up to date at start. Of a `DataSource` for SQLite only the path is taken.
   * @default `uploads.sqlite` in the storage's own folder; a storage that has none on this machine needs this option
   * @throws TusOptionError give it as { path: './uploads.sqlite' }, a file on the disk, or as a DataSource of TypeORM
   */
  readonly database?: DatabaseSource;
  /**
   * Bytes that an upload may have at most, also one of deferred length, and a final; or a function that says so for a
   * request. It is asked for each request that creates an upload or brings bytes, and for OPTIONS, which clients mostly
   * send without credentials and which tells them what it returns (`Tus-Max-Size`); undefined is no limit. A length
   * that was accepted stays so. Calls of `UploadService` by the application have no request, and the limit that they
   * name themselves.
   * @example maxSize: (context) => (context.getRequest<{ user?: User }>().user?.pays ? 50e9 : 1e9)
   * @default no limit
   * @throws TusOptionError use a whole number of 0 or more, or leave it out
   */
  readonly maxSize?: Resolvable<number | undefined>;
  /**
   * Makes the id of each new upload, which is the end of its URL: 1 to 128 characters out of A-Z, a-z, 0-9, `-` and `_`.
   * Whoever knows an id may reach the upload, so it must not be guessed; and it must never come twice, not even after
   * its upload is gone. Anything else, and an id that exists, is a fault of the application: 500, a sentence in the
   * log, and nothing has changed. The context is undefined for calls of `UploadService`.
   * @example idGenerator: () => randomUUID()
   * @default 128 random bits, as 22 characters
   * @throws TusOptionError give a function, or leave it out
   */
  readonly idGenerator?: IdGenerator;
  /**
   * Says under which key an upload is published: a relative path, 1024 characters at most, on the local disk with `/`
   * between folders. Asked at the creation of uploads and finals, also of those that are then refused, and again when a
   * final is asked for again; never for partials. The context is undefined for calls of `UploadService`.
   *
   * What is in the metadata comes from a client. A key that leads out of the folder, or that the storage cannot hold,
   * is refused with 400; but a name that is used as it came still lets clients pick folders, extensions that a web
   * server executes, or names that others have. Put something of your own in front, and the id into the key. A key
   * that another upload has is refused at the creation, one under which there is a foreign object at the completion,
   * both with 409: nothing is ever replaced.
   * @example key: ({ id, metadata }) => `videos/${id}${/\.(mp4|webm)$/.exec(metadata.get('filename') ?? '')?.[0] ?? ''}`
   * @default the id
   * @throws TusOptionError give a function, or leave it out
   */
  readonly key?: KeyGenerator;
  /**
   * Looks at the metadata before an upload or a final is created; a text that it returns refuses with 400 and that
   * text, an exception with its own status, and nothing is created. Partials are not asked for theirs, which never
   * counts; calls of `UploadService` by the application neither.
   * @example validateMetadata: (metadata) => (metadata.has('filename') ? undefined : 'Send the name of the file.')
   * @default any metadata
   * @throws TusOptionError give a function, or leave it out
   */
  readonly validateMetadata?: MetadataValidator;
  /**
   * Absolute URL of the endpoint as clients see it. `Location` is made of it, and its path is known in `Upload-Concat`.
   * The safest choice where a path alone does not do.
   * @example publicUrl: 'https://cdn.example.com/api/files'
   * @default none: `Location` is a path
   * @throws TusOptionError give the whole URL of the endpoint, such as 'https://cdn.example.com/api/files', without a query
   */
  readonly publicUrl?: string;
  /**
   * Whether `Location` is made of what a proxy says: `X-Forwarded-Proto`, `-Host` and `-Prefix`, and `Forwarded` for
   * what these leave out; of each the first member. Where they say nothing, or what cannot be, it is a path. The proxy
   * must set or remove all of these headers: what it passes on from clients, clients can make up.
   * @default false
   * @throws TusOptionError use true or false
   * @throws TusOptionError leave it out: "publicUrl" says where the endpoint is
   */
  readonly trustProxy?: boolean;
  /**
   * Whether `Location` is a path, such as `/api/files/ID`, which is right behind every proxy that keeps paths. `false`
   * makes an absolute URL of the connection and of `Host`, which clients can make up: prefer `publicUrl`.
   * @default true
   * @throws TusOptionError use true or false
   * @throws TusOptionError leave it out: "publicUrl" makes Location absolute
   * @throws TusOptionError leave it out: "trustProxy" makes Location absolute
   */
  readonly relativeLocation?: boolean;
  /**
   * The extensions of tus that are enabled.
   * @default all that this version has
   * @throws TusOptionError use a list of names out of NAMES
   * @throws TusOptionError add "NAME", which "NAME" needs
   */
  readonly extensions?: readonly TusExtension[];
  /**
   * Who makes a request. Uploads belong to whom this names when they are created; for everybody else they are not
   * there (404). What belongs to nobody is open to all whom the guards let in.
   * @default nobody: no upload has an owner
   * @example (context) => context.getRequest<{ user?: User }>().user?.id
   * @throws TusOptionError give a function, or leave it out
   */
  readonly owner?: OwnerOf;
  /**
   * Decides about each request for an upload, and each partial of a final, before anything is done: false is answered
   * 403, and what it throws as it is. Guards of the application run before.
   * @default all that the guards let in is allowed
   * @example ({ operation, upload }) => operation !== 'terminate' || upload.state !== 'complete'
   * @throws TusOptionError give a function, or leave it out
   */
  readonly authorize?: Authorize;
  /**
   * When uploads expire: `'24h'` covers all of them, `{ unfinished: '24h' }` leaves completed ones alone, `false`
   * keeps everything.
   * @default { unfinished: '24h' }
   * @throws TusOptionError use milliseconds, or a text such as '90s', '15m', '24h' or '7d'
   * @throws TusOptionError use a duration such as '24h', or false
   * @throws TusOptionError use … ms or less: this storage keeps unfinished uploads no longer
   */
  readonly expiration?: Expiration;
  /**
   * How `OnUploadComplete` is called: how often and when again after an exception, and how many at once. `true`: events
   * are kept for another process that has hooks, where this one has none. See docs/events.md.
   * @default { attempts: 20, firstDelay: '10s', longestDelay: '1h', concurrency: 10 }
   * @throws TusOptionError use true, false, or options such as { attempts: 20 }
   */
  readonly delivery?: boolean | DeliveryOptions;
  /**
   * Algorithms that clients may check their requests with (`Upload-Checksum`), the preferred first. `sha1` has to be
   * among them (CHK-01).
   * @default ['sha1', 'sha256']
   * @throws TusOptionError use a list out of sha1, sha256, sha512, md5, crc32 that has sha1
   */
  readonly checksums?: readonly ChecksumAlgorithm[];
  /**
   * CORS on the uploads: `true` for any origin without credentials, or what is allowed. `false` leaves it to the
   * application; `true` and options take the place of the application's own on the uploads.
   * @default false
   * @throws TusOptionError use true, false, or options such as { origin: 'https://example.com' }
   */
  readonly cors?: boolean | CorsOptions;
  /**
   * Whether complete uploads can be read with `GET` at their URL, by everybody whom the guards let in: see
   * docs/downloads.md.
   * @default false
   * @throws TusOptionError use true or false
   */
  readonly downloads?: boolean;
  /**
   * Bytes of an `Upload-Metadata` header at most, of any request that creates; longer ones are 400. Node counts it into
   * its limit for all headers, 16 KiB unless it was started with another.
   * @default 4096
   * @throws TusOptionError use a whole number of 0 or more, or leave it out
   */
  readonly maxMetadataBytes?: number;
  /**
   * Partials in one final at most, counted as often as they are listed; more are 400. Long lists need a larger
   * `--max-http-header-size` of Node.
   * @default 1000
   * @throws TusOptionError use a whole number of 1 or more, or leave it out
   */
  readonly maxPartials?: number;
  /**
   * Whether partials give up their bytes once they are merged.
   * @default 'release'
   * @throws TusOptionError use 'release' or 'keep'
   */
  readonly partials?: 'release' | 'keep';
  /**
   * Milliseconds after which a merge is answered before it is done; `HEAD` tells when it is.
   * @default 30000
   * @throws TusOptionError use a whole number from 0 to 2147483647, or leave it out
   */
  readonly respondAfter?: number;
  /**
   * Milliseconds without a byte of body before the connection is closed; what arrived is kept. However long a body takes
   * as a whole, it may go on as long as bytes come. 0 waits for ever.
   * @default 30000
   * @throws TusOptionError use a whole number from 0 to 2147483647, or leave it out
   */
  readonly bodyIdleTimeout?: number;
  /**
   * Milliseconds between two progress events of one upload at least, for `UploadEvents` and `OnUploadProgress`; the last
   * offset is always told. 0 tells each.
   * @default 1000
   * @throws TusOptionError use a whole number from 0 to 2147483647, or leave it out
   */
  readonly progressInterval?: number;
  /**
   * Bytes of bodies that all uploads of this registration together keep in memory, at least 1 MiB. Where it is used up,
   * connections wait their turn. What Node keeps for each connection, about 64 KiB while it reads, comes on top.
   * @default 67108864 (64 MiB)
   * @throws TusOptionError use a whole number of 1048576 or more, or leave it out
   */
  readonly memoryBudget?: number;
  /**
   * Whether the memory of a body is freed as soon as its bytes are stored. Else the garbage collector does it, in full
   * collections that mark all that the application keeps alive: beside 400 MB of such heap an upload took up to six
   * times the CPU on Node 24. A chunk that is stored is an empty `Buffer` then. Bodies that a listener for `data` or
   * `readable` reads along are left alone, as are streams of the application; switch it off where something in the
   * process keeps chunks of requests in another way.
   * @default true
   * @throws TusOptionError use true or false
   */
  readonly freeChunks?: boolean;
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
