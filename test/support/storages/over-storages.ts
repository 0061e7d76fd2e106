import { afterAll, beforeAll, describe } from '@jest/globals';
import { AzuriteSuite } from '../services/azure-suite.js';
import { RunningSuite } from '../services/each-s3-service.js';
import { RunningGcs } from '../services/each-gcs-service.js';
import { FAKE_GCS } from '../services/fake-gcs.js';
import { MINIO } from '../services/minio.js';
import type { S3Service } from '../services/s3-service.js';
import { VERSITYGW } from '../services/versitygw.js';
import type { Service } from '../services/with-service.js';
import { withService } from '../services/with-service.js';
import { PLATFORMS } from '../tus-app.js';
import type { Platform } from '../tus-app.js';
import { azurePlace } from './azure-place.js';
import { gcsPlace } from './gcs-place.js';
import { localPlace } from './local-place.js';
import { s3Place } from './s3-place.js';
import type { TestPlace } from './test-place.js';

export type Subject = 'concatenation' | 'checksum' | 'expiration' | 'downloads' | 'termination' | 'events';

/** A storage that the tests over HTTP are run on. */
interface TestedStorage {
  readonly name: string;
  /** A storage far away takes its time: one platform is enough there. */
  readonly platforms: readonly Platform[];
  /** Default: all. */
  readonly subjects?: readonly Subject[];
  /** What has come is durable at the next beat, and shows on HEAD; object stores gather a part before. */
  readonly showsEachByte: boolean;
  /** What has to run, from before the first test of a file until after the last. */
  readonly service?: Service & { up(): Promise<void>; down(): Promise<void> };
  readonly place: () => Promise<TestPlace>;
}

const STORAGES: readonly TestedStorage[] = [
  { name: 'the local disk', platforms: PLATFORMS, showsEachByte: true, place: () => localPlace() },
  onS3(MINIO),
  { ...onS3(VERSITYGW), subjects: ['concatenation'] },
  onAzure(new AzuriteSuite()),
  onGcs(),
];

function onS3(service: S3Service): TestedStorage {
  const suite = new RunningSuite(service);
  return {
    name: service.name,
    platforms: ['express'],
    showsEachByte: false,
    service: { ...service, up: () => suite.up(), down: () => suite.down() },
    place: () => s3Place(suite),
  };
}

function onAzure(suite: AzuriteSuite): TestedStorage {
  const place = () => azurePlace(suite);
  return { name: suite.name, platforms: ['fastify'], showsEachByte: false, service: suite, place };
}

function onGcs(): TestedStorage {
  const suite = new RunningGcs();
  return {
    name: FAKE_GCS.name,
    platforms: ['express'],
    showsEachByte: false,
    service: { ...FAKE_GCS, up: () => suite.up(), down: () => suite.down() },
    place: () => gcsPlace(suite),
  };
}

export type TestedServer = Pick<TestedStorage, 'place' | 'showsEachByte'> & { readonly platform: Platform };

/** Declares tests for each storage, on each platform that it is tried on. */
export function overStorages(subject: Subject, title: string, declare: (on: TestedServer) => void): void {
  for (const storage of STORAGES) {
    if (storage.subjects?.includes(subject) === false) continue;
    const { name, platforms, service } = storage;
    withService(service ?? { name, found: true }, () => {
      describe(`${title} over ${name}`, () => {
        // Around those of the tests, which still need it when they clean up.
        if (service) {
          beforeAll(() => service.up());
          afterAll(() => service.down());
        }
        describe.each(platforms)('on platform-%s', (platform) => declare({ ...storage, platform }));
      });
    });
  }
}
