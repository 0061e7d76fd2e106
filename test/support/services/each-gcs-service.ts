import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { FAKE_GCS } from './fake-gcs.js';
import type { GcsAddress } from './fake-gcs.js';
import { GcsBucket } from './gcs-bucket.js';
import { StrictGcs } from './strict-gcs.js';
import { withService } from './with-service.js';

const { TEST_GCS_BUCKET } = process.env;

/** The store of a suite; to be read within tests and hooks only. */
export interface GcsSuite {
  /** In the words of `StorageOptions`; empty where the environment says all. */
  readonly address: Partial<GcsAddress>;
  readonly bucket: GcsBucket;
}

/**
 * Declares tests for fake-gcs-server, and once more for the bucket that `TEST_GCS_BUCKET` names, with the client
 * library's own `GOOGLE_APPLICATION_CREDENTIALS`.
 */
export function eachGcsService(declare: (suite: GcsSuite) => void): void {
  onFakeGcs(declare);
  if (TEST_GCS_BUCKET === undefined) return;
  describe(`on the bucket ${TEST_GCS_BUCKET}`, () => {
    const bucket = GcsBucket.at({}, TEST_GCS_BUCKET, `nestjs-tus/${randomUUID()}/`);
    afterAll(() => bucket.empty());
    declare({ address: {}, bucket });
  });
}

/** Only the one that runs on this machine: a proxy can stand before it. */
export function onFakeGcs(
  declare: (suite: GcsSuite & { readonly address: GcsAddress }) => void,
  options: { readonly versions?: boolean } = {},
): void {
  withService(FAKE_GCS, () => {
    describe(`on ${FAKE_GCS.name}`, () => {
      const suite = new RunningGcs();
      beforeAll(() => suite.up(options));
      afterAll(() => suite.down());
      declare(suite);
    });
  });
}

/** A store of its own, which runs between `up` and `down`. */
export class RunningGcs implements GcsSuite {
  private running: Running | undefined;

  get address(): GcsAddress {
    return { ...this.started.server.address, apiEndpoint: this.started.strict.endpoint };
  }

  get bucket(): GcsBucket {
    return this.started.bucket;
  }

  async up({ large = false, ...options }: { versions?: boolean; large?: boolean } = {}): Promise<void> {
    const server = await FAKE_GCS.start({ large });
    const strict = await StrictGcs.start(server.address.apiEndpoint);
    // Past all proxies: what the tests look at counts nowhere.
    const bucket = GcsBucket.at(server.address, `test-${randomUUID()}`, '');
    this.running = { server, strict, bucket };
    await bucket.create(options);
  }

  async down(): Promise<void> {
    await this.running?.strict.stop();
    await this.running?.server.stop();
  }

  private get started(): Running {
    if (!this.running) throw new Error(`${FAKE_GCS.name} has not been started.`);
    return this.running;
  }
}

interface Running {
  readonly server: Awaited<ReturnType<typeof FAKE_GCS.start>>;
  readonly strict: StrictGcs;
  readonly bucket: GcsBucket;
}
