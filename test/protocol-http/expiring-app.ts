import { expect } from '@jest/globals';
import { Maintenance } from '../../src/maintenance/maintenance.js';
import { Background } from '../../src/uploads/background.js';
import type { Answer } from '../support/raw-http.js';
import { faultyApp } from '../support/storages/faulty-app.js';
import type { FaultyApp } from '../support/storages/faulty-app.js';
import type { FaultyStorage } from '../support/storages/faulty-storage.js';
import type { TestedServer } from '../support/storages/over-storages.js';
import type { TestPlace } from '../support/storages/test-place.js';
import type { TusApp, TusAppOptions } from '../support/tus-app.js';
import { idOf, sql } from './support.js';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const NEW = { 'upload-length': '5' };
export const PARTIAL = { ...NEW, 'upload-concat': 'partial' };

/** Of HTTP: always in English and in GMT, with two digits for the day. */
const DATE =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;

/** Expects the header to name a time so long after the answer. */
export function expectIn(headers: Answer['headers'], time: number): void {
  expect(headers['upload-expires']).toMatch(DATE);
  const left = Date.parse(String(headers['upload-expires'])) - Date.now();
  expect(left).toBeLessThanOrEqual(time);
  expect(left).toBeGreaterThan(time - HOUR);
}

/** A server whose uploads grow old when a test says so. */
export class ExpiringApp {
  readonly tus: TusApp;
  readonly storage: FaultyStorage;
  readonly place: TestPlace;

  private constructor(private readonly server: FaultyApp) {
    this.tus = server.app;
    this.storage = server.storage;
    this.place = server.place;
  }

  static async start(
    on: TestedServer,
    options: NonNullable<TusAppOptions['tus']> = {},
  ): Promise<ExpiringApp> {
    return new ExpiringApp(await faultyApp(on, { tus: options }));
  }

  /** Lets time pass until so long before the end of an upload. */
  async endIn(url: string, milliseconds: number): Promise<void> {
    const statement = 'UPDATE tus_upload SET expires_at = ? WHERE id = ?';
    await sql(this.tus, statement, [Date.now() + milliseconds, idOf(url)]);
  }

  overdue(url: string): Promise<void> {
    return this.endIn(url, -1_000);
  }

  /** A whole round of maintenance: the first call may join one that had begun before. */
  async sweepOnce(): Promise<void> {
    await this.tus.get(Maintenance).run();
    await this.tus.get(Maintenance).run();
  }

  /** A round, and all that goes on behind it. */
  async sweep(): Promise<void> {
    await this.sweepOnce();
    await this.tus.get(Background).idle();
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}
