import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { MINIO } from './minio.js';
import { REAL_BUCKETS } from './real-bucket.js';
import { S3Bucket } from './s3-bucket.js';
import type { RunningS3, S3Address, S3Service } from './s3-service.js';
import { VERSITYGW } from './versitygw.js';
import { withService } from './with-service.js';

/** The store of a suite; to be read within tests and hooks only. */
export interface S3Suite {
  readonly address: S3Address;
  readonly client: S3Client;
  readonly bucket: S3Bucket;
}

/** Declares tests once for each store that speaks S3. Each starts once, and has a bucket that is empty. */
export function eachS3Service(declare: (suite: S3Suite) => void): void {
  eachLocalS3Service(declare);
  for (const service of REAL_BUCKETS) onService(service, declare);
}

/** Only those that run on this machine: an `S3Proxy` can stand before them. */
export function eachLocalS3Service(declare: (suite: S3Suite) => void): void {
  for (const service of [MINIO, VERSITYGW]) onService(service, declare);
}

function onService(service: S3Service, declare: (suite: S3Suite) => void): void {
  withService(service, () => {
    describe(`on ${service.name}`, () => {
      const suite = new RunningSuite(service);
      beforeAll(() => suite.up());
      afterAll(() => suite.down());
      declare(suite);
    });
  });
}

/** A suite whose store is started and stopped by whoever has it. */
export class RunningSuite implements S3Suite {
  private running: RunningS3 | undefined;
  private opened: S3Bucket | undefined;

  constructor(private readonly service: S3Service) {}

  get address(): S3Address {
    if (!this.running) throw new Error(`${this.service.name} has not been started.`);
    return this.running.address;
  }

  get bucket(): S3Bucket {
    if (!this.opened) throw new Error(`${this.service.name} has not been started.`);
    return this.opened;
  }

  get client(): S3Client {
    return this.bucket.client;
  }

  async up(): Promise<void> {
    this.running = await this.service.start();
    const client = new S3Client(this.running.address);
    const { bucket } = this.running;
    const id = randomUUID();
    this.opened = new S3Bucket(
      client,
      bucket ?? `test-${id}`,
      bucket === undefined ? '' : `nestjs-tus/${id}/`,
    );
    if (bucket === undefined) await client.send(new CreateBucketCommand({ Bucket: this.opened.name }));
  }

  async down(): Promise<void> {
    // The bucket of others is left as it was; a server takes its own with it.
    if (this.running?.bucket !== undefined) await this.opened?.empty();
    this.opened?.client.destroy();
    await this.running?.stop();
  }
}
