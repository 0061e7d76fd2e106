import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect } from '@jest/globals';
import type { Observable } from 'rxjs';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LocalStorage, TusModule, UploadEvents, UploadService } from '../../src/index.js';
import type { CompletedUpload, TusModuleOptions, Upload, UploadStorage } from '../../src/index.js';
import { Maintenance } from '../../src/maintenance/maintenance.js';
import { UPLOAD_REPOSITORY } from '../../src/repository/upload-repository.js';
import type { UploadRepository } from '../../src/repository/upload-repository.js';

export interface ContextOptions {
  readonly tus?: Partial<TusModuleOptions>;
  /** Makes the storage over the temporary folder. Default: a local storage. */
  readonly storage?: (directory: string) => UploadStorage;
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
    nest.get(UploadEvents).completed$.subscribe((upload) => this.completed.push(upload));
  }

  static async start({ tus, storage, directory: given }: ContextOptions = {}): Promise<UploadsContext> {
    const directory = given ?? (await mkdtemp(join(tmpdir(), 'nestjs-tus-uploads-')));
    const module = TusModule.forRoot({
      storage: storage?.(directory) ?? new LocalStorage({ directory }),
      ...tus,
    });
    const nest = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
    return new UploadsContext(nest, directory);
  }

  get uploads(): UploadService {
    return this.nest.get(UploadService);
  }

  get completed$(): Observable<CompletedUpload> {
    return this.nest.get(UploadEvents).completed$;
  }

  get rows(): UploadRepository {
    return this.nest.get<UploadRepository>(UPLOAD_REPOSITORY, { strict: false });
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
    return this.nest.get(Maintenance, { strict: false }).run();
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
    expect(left.toSorted()).toEqual([...needed].toSorted());
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
