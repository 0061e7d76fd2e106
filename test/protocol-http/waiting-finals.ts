import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from '@jest/globals';
import { Background } from '../../src/uploads/background.js';
import { create, head } from '../support/raw-http.js';
import type { Answer } from '../support/raw-http.js';
import { TusApp } from '../support/tus-app.js';
import type { Platform, TusAppOptions } from '../support/tus-app.js';
import { concatenate, content, FaultyStorage, idOf, made, post } from './support.js';

const DEFERRED = { 'upload-concat': 'partial', 'upload-defer-length': '1' };

/** An application for each test, over a folder that outlives it, and what is said of finals that wait. */
export function waitingFinals(platform: Platform) {
  let app: TusApp;
  let directory: string;
  let storage: FaultyStorage;
  let completed: string[];

  beforeEach(async () => {
    completed = [];
    directory = await mkdtemp(join(tmpdir(), 'nestjs-tus-'));
  });
  afterEach(async () => {
    await app.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const start = async (tus: NonNullable<TusAppOptions['tus']> = {}): Promise<void> => {
    storage = new FaultyStorage({ directory });
    const journal = {
      provide: 'journal',
      useValue: { onUploadComplete: ({ id }: { id: string }) => completed.push(id) },
    };
    app = await TusApp.start({ platform, directory, tus: { ...tus, storage }, providers: [journal] });
  };

  /** Until nothing is going on in the background. */
  const done = (): Promise<void> => app.get(Background).idle();
  const unfinished = (length: number): Promise<string> =>
    create(app.endpoint, { 'upload-concat': 'partial', 'upload-length': String(length) });
  const deferred = async (bytes?: string): Promise<string> => made(app, await post(app, DEFERRED, bytes));

  /** What HEAD says of a final that is not there yet. */
  async function waits(url: string): Promise<Answer> {
    const answer = await head(url);
    expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
    expect(answer.headers).not.toHaveProperty('upload-offset');
    return answer;
  }

  /** A final that is answered before it is there. */
  async function pending(urls: readonly string[], headers: Record<string, string> = {}): Promise<string> {
    const answer = await concatenate(app, urls, headers);
    expect(answer.headers).not.toHaveProperty('upload-offset');
    const url = made(app, answer);
    await waits(url);
    return url;
  }

  /** The final is there with these bytes, and was announced once. */
  async function merged(url: string, bytes: string): Promise<void> {
    await done();
    const total = String(bytes.length);
    expect((await head(url)).headers).toMatchObject({ 'upload-offset': total, 'upload-length': total });
    expect(await content(app, url)).toBe(bytes);
    expect(completed.filter((id) => id === idOf(url))).toHaveLength(1);
  }

  return {
    get app(): TusApp {
      return app;
    },
    get directory(): string {
      return directory;
    },
    get storage(): FaultyStorage {
      return storage;
    },
    /** The ids that `OnUploadComplete` was called with. */
    get completed(): readonly string[] {
      return completed;
    },
    ...{ start, done, unfinished, deferred, waits, pending, merged },
  };
}
