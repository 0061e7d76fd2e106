import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { LocalStorage, TusModule, UploadService } from '../../src/index.js';
import type { OnUploadComplete, TusModuleOptions, Upload, UploadStorage } from '../../src/index.js';
import type { LeaseLocker } from '../../src/locks/lease/lease-locker.js';
import { LOCKER } from '../../src/locks/locker.js';
import { Maintenance } from '../../src/maintenance/maintenance.js';
import { CONNECTION } from '../../src/module/engine-providers.js';
import type { SqliteConnection } from '../../src/repository/typeorm/sqlite-connection.js';
import { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import type { UploadRecord } from '../../src/repository/upload-record.js';
import { UPLOAD_REPOSITORY } from '../../src/repository/upload-repository.js';
import type { UploadRepository } from '../../src/repository/upload-repository.js';
import { nodeFileCalls } from '../../src/storage/local/file-calls.js';
import type { FileCalls } from '../../src/storage/local/file-calls.js';
import { Background } from '../../src/uploads/background.js';
import { finalPlan } from '../repository/fixtures.js';
import { faulty } from './faults.js';
import type { Faults } from './faults.js';

export interface EngineOptions {
  /** A folder to go on with. */
  readonly directory?: string;
  readonly tus?: Partial<TusModuleOptions>;
  readonly calls?: Partial<FileCalls>;
  readonly hook?: OnUploadComplete['onUploadComplete'];
}

/** The module without HTTP and without the timer of maintenance, over storage and rows that a test gives faults. */
export class Engine {
  private left: Promise<void> | undefined;

  private constructor(
    private readonly nest: TestingModule,
    readonly directory: string,
    /** Faults of the storage, by method; to be set and deleted as a test goes on. */
    readonly storage: Faults<UploadStorage>,
    /** Faults of the repository. */
    readonly rows: Faults<UploadRepository>,
  ) {}

  static async start({ directory: given, tus, calls, hook }: EngineOptions = {}): Promise<Engine> {
    const directory = given ?? (await mkdtemp(join(tmpdir(), 'nestjs-tus-faults-')));
    const [storage, rows]: [Faults<UploadStorage>, Faults<UploadRepository>] = [{}, {}];
    const local = new LocalStorage({ directory }, { ...nodeFileCalls, ...calls });
    const store = finishing(faulty<UploadStorage>(local, storage), storage);
    const nest = await Test.createTestingModule({
      imports: [TusModule.forRoot({ storage: store, ...tus })],
      providers: hook ? [{ provide: 'hook', useValue: { onUploadComplete: hook } }] : [],
    })
      .overrideProvider(UPLOAD_REPOSITORY)
      .useFactory({
        inject: [CONNECTION],
        factory: (connection: SqliteConnection): UploadRepository =>
          faulty<UploadRepository>(new TypeOrmUploadRepository(connection, 'default'), rows),
      })
      .compile();
    nest.useLogger(false);
    return new Engine(nest, directory, storage, rows);
  }

  get uploads(): UploadService {
    return this.get(UploadService);
  }

  get repository(): UploadRepository {
    return this.nest.get<UploadRepository>(UPLOAD_REPOSITORY, { strict: false });
  }

  get locker(): LeaseLocker {
    return this.nest.get<LeaseLocker>(LOCKER, { strict: false });
  }

  get connection(): SqliteConnection {
    return this.nest.get<SqliteConnection>(CONNECTION, { strict: false });
  }

  get<T>(token: Type<T>): T {
    return this.nest.get(token, { strict: false });
  }

  append(id: string, offset: number, content: string | Buffer): Promise<Upload> {
    return this.uploads.append(id, { offset, body: bodyOf(content), contentLength: content.length });
  }

  /** An upload that stands at the end of `content`. */
  async begun(content: string, length: number): Promise<string> {
    const { id } = await this.uploads.create({ length });
    if (content !== '') await this.append(id, 0, content);
    return id;
  }

  async partial(content: string): Promise<string> {
    const { id } = await this.uploads.create({ length: content.length, partial: true });
    await this.append(id, 0, content);
    return id;
  }

  /** A final whose merge a process has left that does not exist any more. */
  async leftMerge(partialIds: readonly string[]): Promise<string> {
    const { final } = await this.repository.planFinal(finalPlan(partialIds, { storage: 'default' }));
    await this.lapse(final.id);
    return final.id;
  }

  async row(id: string): Promise<UploadRecord> {
    const record = await this.repository.find(id);
    if (!record) throw new Error(`There is no row ${id}.`);
    return record;
  }

  /** Lets a lease run out, as five seconds would. */
  async lapse(id: string): Promise<void> {
    await this.connection.query('UPDATE tus_upload SET lease_expires_at = 0 WHERE id = ?', [id]);
  }

  /** Lets the claims of all events that were not delivered run out. */
  async lapseDeliveries(): Promise<void> {
    await this.connection.change('UPDATE tus_upload SET delivery_until = 0 WHERE delivery IS NOT NULL');
    await this.connection.change('UPDATE tus_delivery SET due_at = 0 WHERE due_at IS NOT NULL');
  }

  /** One round, as the timer does it. */
  maintain(): Promise<void> {
    return this.get(Maintenance).run();
  }

  /** Until nothing runs that nobody waits for. */
  idle(): Promise<void> {
    return this.get(Background).idle();
  }

  object(id: string): Promise<string> {
    return readFile(join(this.directory, id), 'utf8');
  }

  get workFolder(): string {
    return join(this.directory, '.tus', 'work');
  }

  async workingFiles(): Promise<string[]> {
    return (await readdir(this.workFolder)).toSorted();
  }

  /** Ends it in order, and leaves the folder to the next one. */
  leave(): Promise<void> {
    return (this.left ??= this.nest.close());
  }

  async stop(): Promise<void> {
    await this.leave();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** A completion fails as it is told to, also where the append had the end at hand. */
function finishing(storage: UploadStorage, faults: Faults<UploadStorage>): UploadStorage {
  return faulty<UploadStorage>(storage, {
    append: async (real, upload) => {
      const { finish, ...result } = await real();
      if (!finish) return result;
      const complete = () => faults.complete?.(() => finish.complete(), upload) ?? finish.complete();
      return { ...result, finish: { ...finish, complete } };
    },
  });
}

export function bodyOf(...chunks: (string | Buffer)[]): Readable {
  return Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
}
