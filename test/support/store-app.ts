import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Maintenance } from '../../src/maintenance/maintenance.js';
import type { UploadStorage } from '../../src/storage/upload-storage.js';
import { Background } from '../../src/uploads/background.js';
import { sha256Of } from './content.js';
import { lapse, sqlite } from './rows.js';
import type { Bucket, ObjectStore, StorageSettings } from './stores/object-store.js';
import { TusApp } from './tus-app.js';
import type { TusAppOptions } from './tus-app.js';

export interface StoreAppOptions<Kind extends string> extends Omit<TusAppOptions, 'directory' | 'place'> {
  readonly storage?: StorageSettings;
  /** Makes a storage on the bucket that no such settings make. */
  readonly storageOf?: (bucket: Bucket<Kind>) => UploadStorage;
  /** What another process has left, to go on with. */
  readonly left?: { readonly bucket: Bucket<Kind>; readonly directory: string };
}

/** A listening application whose uploads go to a bucket of its own, through a proxy; its rows are in a SQLite file. */
export class StoreApp<Kind extends string> {
  private constructor(
    readonly app: TusApp,
    readonly bucket: Bucket<Kind>,
  ) {}

  static async start<Kind extends string>(
    store: ObjectStore<Kind>,
    options: StoreAppOptions<Kind> = {},
  ): Promise<StoreApp<Kind>> {
    const { storage, storageOf, tus, left, ...others } = options;
    const bucket = left?.bucket ?? (await store.open());
    const directory = left?.directory ?? (await mkdtemp(join(tmpdir(), `nestjs-tus-${store.api}-`)));
    const app = await TusApp.start({
      ...others,
      directory,
      tus: {
        storage: storageOf?.(bucket) ?? bucket.storage(storage),
        database: { path: join(directory, '.tus', 'uploads.sqlite') },
        ...tus,
      },
    });
    const started = new StoreApp(app, bucket);
    await started.idle();
    // What the start asked is no matter of uploads.
    bucket.proxy.forget();
    return started;
  }

  get proxy(): Bucket<Kind>['proxy'] {
    return this.bucket.proxy;
  }

  get endpoint(): string {
    return this.app.endpoint;
  }

  rows<Row>(statement: string, values: readonly (string | number | null)[] = []): Promise<Row[]> {
    return sqlite<Row>(this.app.directory, statement, values);
  }

  /** Resolves when nothing is under way for which no client waits. */
  async idle(): Promise<void> {
    await this.app.get(Background).idle();
    await this.proxy.idle();
  }

  /** One round of maintenance, and what it leaves to the background. */
  async maintain(): Promise<void> {
    await this.app.get(Maintenance).run();
    await this.idle();
  }

  /** Lets maintenance do all that is due, as time would. */
  async settle(): Promise<void> {
    await this.idle();
    // A round may leave behind what the next one goes on with.
    for (let round = 0; round < 3; round++) {
      await lapse(this.app.directory);
      await this.maintain();
    }
  }

  /** The SHA-256 of an object, past the proxy. */
  async hashOf(key: string): Promise<string> {
    return sha256Of(await this.bucket.read(key));
  }

  async stop(): Promise<void> {
    await this.app.stop();
    await this.bucket.close();
    await rm(this.app.directory, { recursive: true, force: true });
  }
}
