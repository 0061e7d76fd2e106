import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { map } from 'rxjs';
import type { Observable } from 'rxjs';
import type { INestApplicationContext, ModuleMetadata, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LocalStorage, TusModule, UploadEvents, UploadService } from '../../src/index.js';
import type { CompletedUpload, TusModuleOptions, Upload, UploadStorage } from '../../src/index.js';
import { CompletionRelay } from '../../src/events/relay/completion-relay.js';
import { Maintenance } from '../../src/maintenance/maintenance.js';
import { CONNECTION } from '../../src/module/engine-providers.js';
import type { SqliteConnection } from '../../src/repository/typeorm/sqlite-connection.js';
import { PART_REPOSITORY } from '../../src/repository/part-repository.js';
import type { PartRepository } from '../../src/repository/part-repository.js';
import { UPLOAD_REPOSITORY } from '../../src/repository/upload-repository.js';
import type { UploadRepository } from '../../src/repository/upload-repository.js';
import { Background } from '../../src/uploads/background.js';

export interface ContextOptions {
  readonly tus?: Partial<TusModuleOptions>;
  /** Makes the storage over the temporary folder. Default: a local storage. */
  readonly storage?: (directory: string) => UploadStorage;
  /** What else the application has. */
  readonly application?: Pick<ModuleMetadata, 'imports' | 'controllers' | 'providers'>;
  /** A folder to go on with. */
  readonly directory?: string;
}

/** The module without HTTP, over a folder of its own. */
export class UploadsContext {
  readonly completed: CompletedUpload[] = [];

  private constructor(
    private readonly nest: INestApplicationContext,
    readonly directory: string,
  ) {
    nest
      .get(UploadEvents, { strict: false })
      .completed$.subscribe(({ upload }) => this.completed.push(upload));
  }

  static async start({
    tus,
    storage,
    application,
    directory: given,
  }: ContextOptions = {}): Promise<UploadsContext> {
    const directory = given ?? (await mkdtemp(join(tmpdir(), 'nestjs-tus-uploads-')));
    const module = TusModule.forRoot({
      storage: storage?.(directory) ?? new LocalStorage({ directory }),
      ...tus,
    });
    const root = {
      module: class Application {},
      ...application,
      imports: [module, ...(application?.imports ?? [])],
    };
    try {
      const nest = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
      return new UploadsContext(nest, directory);
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  get uploads(): UploadService {
    return this.get(UploadService);
  }

  get<T>(token: Type<T>): T {
    return this.nest.get(token, { strict: false });
  }

  get completed$(): Observable<CompletedUpload> {
    return this.get(UploadEvents).completed$.pipe(map(({ upload }) => upload));
  }

  get rows(): UploadRepository {
    return this.nest.get<UploadRepository>(UPLOAD_REPOSITORY, { strict: false });
  }

  get parts(): PartRepository {
    return this.nest.get<PartRepository>(PART_REPOSITORY, { strict: false });
  }

  get connection(): SqliteConnection {
    return this.nest.get<SqliteConnection>(CONNECTION, { strict: false });
  }

  /** Until nothing runs that nobody waits for. */
  idle(): Promise<void> {
    return this.get(Background).idle();
  }

  /** A complete partial with these bytes. */
  async partial(content: string): Promise<string> {
    const { id } = await this.uploads.create({
      length: content.length,
      partial: true,
      body: bodyOf(content),
      contentLength: content.length,
    });
    return id;
  }

  async partials(...contents: string[]): Promise<string[]> {
    return Promise.all(contents.map((content) => this.partial(content)));
  }

  async contentOf({ id }: Pick<Upload, 'id'>, range?: { start: number; end: number }): Promise<string> {
    return (await buffer(await this.uploads.read(id, range))).toString();
  }

  /** Names in the folder, without the storage's own. */
  async objects(): Promise<string[]> {
    return (await readdir(this.directory)).filter((name) => name !== '.tus').toSorted();
  }

  async workingFiles(): Promise<string[]> {
    return readdir(join(this.directory, '.tus', 'work'));
  }

  /** Takes up what was left, as the timer does. */
  maintain(): Promise<void> {
    return this.get(Maintenance).run();
  }

  /** Takes up every event that was not delivered, as if its claim had run out. */
  async redeliver(): Promise<void> {
    const relay = this.get(CompletionRelay);
    await relay.idle();
    await this.connection.change('UPDATE tus_upload SET delivery_until = 0 WHERE delivery IS NOT NULL');
    await this.connection.change('UPDATE tus_delivery SET due_at = 0 WHERE due_at IS NOT NULL');
    await relay.catchUp();
    await relay.idle();
  }

  /** Ends it, which waits for all work in the background, and leaves the folder to the next one. */
  leave(): Promise<void> {
    return this.nest.close();
  }

  /** Ends it, and expects no working bytes but those of uploads that are still needed. */
  async stop(needed: readonly string[] = []): Promise<void> {
    await this.nest.close();
    const left = await this.workingFiles();
    await rm(this.directory, { recursive: true, force: true });
    const [found, wanted] = [left, needed].map((names) => names.toSorted().join(' '));
    if (found !== wanted) throw new Error(`The working folder has "${found}" instead of "${wanted}".`);
  }
}

export function bodyOf(...chunks: string[]): Readable {
  return Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
}

/** A body that breaks off after these bytes. */
export function brokenBody(content: string): Readable {
  async function* chunks() {
    yield Buffer.from(content);
    throw new Error('the client went away');
  }
  return Readable.from(chunks());
}
