import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { Subject } from 'rxjs';
import { settings } from './settings.js';

/** What the page shows of an upload. */
export interface Entry {
  readonly id: string;
  readonly name: string;
  readonly length: number;
  /** Of the whole file, in hex; undefined while it is being made. */
  readonly sha256?: string;
  /** Undefined for what is no image. */
  readonly thumbnail?: string;
}

/** A folder with a thumbnail and a JSON file for each upload. */
@Injectable()
export class Gallery implements OnModuleInit, OnModuleDestroy {
  /** Entries as they are finished. Completes when the application ends, and with it the pages that listen. */
  readonly finished$ = new Subject<Entry>();

  async onModuleInit(): Promise<void> {
    await mkdir(settings.gallery, { recursive: true });
  }

  onModuleDestroy(): void {
    this.finished$.complete();
  }

  async all(): Promise<Entry[]> {
    const names = (await readdir(settings.gallery)).filter((name) => name.endsWith('.json'));
    const texts = await Promise.all(names.map((name) => readFile(join(settings.gallery, name), 'utf8')));
    return texts.map((text) => JSON.parse(text) as Entry);
  }

  /** Done a second time, as after a crash, it leaves the same. A crash in the middle leaves no half file. */
  async put(entry: Entry, thumbnail: Buffer | undefined): Promise<void> {
    if (thumbnail) await this.write(`${entry.id}.webp`, thumbnail);
    await this.write(`${entry.id}.json`, JSON.stringify(entry));
    this.finished$.next(entry);
  }

  thumbnail(id: string): string {
    return join(settings.gallery, `${id}.webp`);
  }

  private async write(name: string, content: Buffer | string): Promise<void> {
    const path = join(settings.gallery, name);
    await writeFile(`${path}.part`, content);
    await rename(`${path}.part`, path);
  }
}
