import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Module } from '@nestjs/common';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientsModule, EventPattern, Payload, Transport } from '@nestjs/microservices';
import type { ClientProxy, MicroserviceOptions } from '@nestjs/microservices';
import { NEVER, Subject, TimeoutError, firstValueFrom, of } from 'rxjs';
import { CompletedUploadPublisher, Metadata } from '../../src/index.js';
import type { CompletedUpload, CompletedUploadPublisherOptions, UploadCloudEvent } from '../../src/index.js';
import { REDIS, startRedis } from '../support/services/redis.js';
import type { RunningServer } from '../support/services/server-process.js';
import { withService } from '../support/services/with-service.js';
import { bodyOf, UploadsContext } from '../uploads/uploads-context.js';

const received: UploadCloudEvent[] = [];
const arrivals = new Subject<UploadCloudEvent>();

@Controller()
class Consumer {
  @EventPattern('nestjs-tus.upload.completed')
  take(@Payload() event: UploadCloudEvent): void {
    received.push(event);
    arrivals.next(event);
  }
}

@Module({ controllers: [Consumer] })
class ConsumerModule {}

/** Stands before the broker, and may take it away. */
class Road {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async to(port: number): Promise<Road> {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const road = new Road(server, (server.address() as AddressInfo).port);
    server.on('connection', (socket) => {
      const onward = connect(port, '127.0.0.1');
      for (const [from, to] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        road.sockets.add(from);
        from.on('error', () => to.destroy()).on('close', () => to.destroy());
        from.pipe(to);
      }
    });
    return road;
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  async open(): Promise<void> {
    await once(this.server.listen(this.port, '127.0.0.1'), 'listening');
  }
}

withService(REDIS, () => {
  let redis: RunningServer;
  let road: Road;
  let consumer: INestMicroservice;
  let context: UploadsContext;

  beforeAll(async () => {
    redis = await startRedis();
    const options = { host: '127.0.0.1', port: redis.port };
    consumer = await NestFactory.createMicroservice<MicroserviceOptions>(ConsumerModule, {
      transport: Transport.REDIS,
      options,
      logger: false,
    });
    await consumer.listen();
  });
  afterAll(async () => {
    await consumer.close();
    await redis.stop();
  });
  beforeEach(async () => {
    received.length = 0;
    road = await Road.to(redis.port);
    const options = { host: '127.0.0.1', port: road.port };
    context = await UploadsContext.start({
      application: {
        imports: [ClientsModule.register([{ name: 'BROKER', transport: Transport.REDIS, options }])],
        providers: [
          {
            provide: CompletedUploadPublisher,
            inject: ['BROKER'],
            useFactory: (client: ClientProxy) => new CompletedUploadPublisher({ client, source: '/files' }),
          },
        ],
      },
    });
  });
  afterEach(async () => {
    await context.stop();
    await road.close();
  });

  async function delivered(): Promise<void> {
    while ((await context.rows.list({ limit: 100 })).some(({ delivery }) => delivery !== null));
  }

  describe('CompletedUploadPublisher, with Redis', () => {
    it('hands over an upload as a CloudEvents 1.0 object', async () => {
      const arrived = firstValueFrom(arrivals);
      const metadata = 'filename aMOpLnR4dA==,empty';
      const upload = await context.uploads.create({ length: 5, body: bodyOf('hello'), metadata });
      const time = upload.completedAt?.toISOString();
      expect(await arrived).toEqual({
        specversion: '1.0',
        id: `${upload.id}/completed`,
        source: '/files',
        type: 'nestjs-tus.upload.completed',
        subject: upload.id,
        time,
        datacontenttype: 'application/json',
        data: {
          id: upload.id,
          kind: 'single',
          length: 5,
          metadata: { filename: 'hé.txt', empty: '' },
          rawMetadata: metadata,
          storage: 'default',
          key: upload.id,
          owner: null,
          createdAt: upload.createdAt.toISOString(),
          completedAt: time,
          expiresAt: null,
        },
      });
      await delivered();
    });

    it('CON-05 hands over a final, and never its partials', async () => {
      const arrived = firstValueFrom(arrivals);
      const final = await context.uploads.concatenate({ partialIds: await context.partials('he', 'llo') });
      expect((await arrived).data).toMatchObject({ id: final.id, kind: 'final', length: 5 });
      await delivered();
      expect(received).toHaveLength(1);
    });

    it('sends it again, and the same, when the broker was away', async () => {
      const first = firstValueFrom(arrivals);
      const before = await context.uploads.create({ length: 0 });
      expect((await first).subject).toBe(before.id);
      await delivered();
      await road.close();
      const { id } = await context.uploads.create({ length: 0 });
      const failures = 'SELECT error FROM tus_delivery WHERE upload_id = ? AND provider = ? AND attempts > 0';
      while ((await context.connection.query(failures, [id, 'CompletedUploadPublisher'])).length === 0);
      await road.open();
      const arrived = firstValueFrom(arrivals);
      await context.redeliver();
      expect(await arrived).toMatchObject({ id: `${id}/completed`, source: '/files', subject: id });
      while ((await context.connection.query(failures, [id, 'CompletedUploadPublisher'])).length > 0);
      expect(received.map(({ subject }) => subject)).toEqual([before.id, id]);
    });
  });
});

describe('CompletedUploadPublisher', () => {
  const upload = {
    id: 'a',
    metadata: Metadata.parse(undefined),
    createdAt: new Date(0),
    completedAt: new Date(0),
    expiresAt: null,
  } as CompletedUpload;

  it('sends under the pattern that it was given', async () => {
    const emit = jest.fn((_pattern: string, _event: UploadCloudEvent) => of(undefined));
    await new CompletedUploadPublisher({
      client: { emit },
      source: '/files',
      pattern: 'uploads.done',
    }).onUploadComplete(upload);
    await new CompletedUploadPublisher({ client: { emit }, source: '/files' }).onUploadComplete(upload);
    expect(emit.mock.calls.map(([pattern]) => pattern)).toEqual([
      'uploads.done',
      'nestjs-tus.upload.completed',
    ]);
  });

  it('fails, and is called again, where the broker has not taken the event within 30 s', async () => {
    jest.useFakeTimers();
    try {
      const publisher = new CompletedUploadPublisher({ client: { emit: () => NEVER }, source: '/files' });
      let failure: unknown;
      publisher.onUploadComplete(upload).catch((error: unknown) => (failure = error));
      await jest.advanceTimersByTimeAsync(29_999);
      expect(failure).toBeUndefined();
      await jest.advanceTimersByTimeAsync(1);
      expect(failure).toBeInstanceOf(TimeoutError);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('an option of CompletedUploadPublisher that is wrong', () => {
  const client = { emit: () => of(undefined) };

  it.each([
    ['client', { source: '/files' }],
    ['source', { client }],
    ['source', { client, source: '' }],
    ['pattern', { client, source: '/files', pattern: '' }],
  ])('%s is named: %p', (option, options) => {
    expect(() => new CompletedUploadPublisher(options as CompletedUploadPublisherOptions)).toThrow(
      `the option "${option}"`,
    );
  });
});
