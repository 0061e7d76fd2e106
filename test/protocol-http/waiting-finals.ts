import { afterEach, beforeEach, expect } from '@jest/globals';
import { Background } from '../../src/uploads/background.js';
import { create, head } from '../support/raw-http.js';
import type { Answer } from '../support/raw-http.js';
import { FaultyStorage } from '../support/storages/faulty-storage.js';
import type { TestedServer } from '../support/storages/over-storages.js';
import type { TestPlace } from '../support/storages/test-place.js';
import { TusApp } from '../support/tus-app.js';
import type { TusAppOptions } from '../support/tus-app.js';
import { concatenate, content, idOf, made, post } from './support.js';

const DEFERRED = { 'upload-concat': 'partial', 'upload-defer-length': '1' };

/** An application for each test, on a place that outlives it, and what is said of finals that wait. */
export function waitingFinals({ platform, place: newPlace }: TestedServer) {
  let app: TusApp;
  let place: TestPlace;
  let storage: FaultyStorage;
  let completed: string[];

  beforeEach(async () => {
    completed = [];
    place = await newPlace();
  });
  afterEach(async () => {
    await app.stop();
    await place.close();
  });

  const start = async (tus: NonNullable<TusAppOptions['tus']> = {}): Promise<void> => {
    storage = new FaultyStorage(place.open());
    const journal = {
      provide: 'journal',
      useValue: { onUploadComplete: ({ id }: { id: string }) => completed.push(id) },
    };
    app = await TusApp.start({ platform, place, tus: { ...tus, storage }, providers: [journal] });
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
    get place(): TestPlace {
      return place;
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
