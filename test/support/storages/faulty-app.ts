import { TusApp } from '../tus-app.js';
import type { TusAppOptions } from '../tus-app.js';
import { FaultyStorage } from './faulty-storage.js';
import type { TestedServer } from './over-storages.js';
import type { TestPlace } from './test-place.js';

export interface FaultyApp {
  readonly app: TusApp;
  readonly storage: FaultyStorage;
  readonly place: TestPlace;
  /** Stops the application and removes the place. */
  stop(): Promise<void>;
}

/** An application on a place of its own, whose storage fails where a test says so. */
export async function faultyApp(
  on: Pick<TestedServer, 'platform' | 'place'>,
  options: TusAppOptions = {},
): Promise<FaultyApp> {
  const place = await on.place();
  const storage = new FaultyStorage(place.open());
  const { platform } = on;
  const app = await TusApp.start({ ...options, platform, place, tus: { ...options.tus, storage } });
  const stop = async () => {
    await app.stop();
    await place.close();
  };
  return { app, storage, place, stop };
}
