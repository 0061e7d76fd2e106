// A server that dies at a moment of a delivery, and writes down which calls of its hook have begun (+), returned (-) and
// thrown (!).
import { appendFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { LocalStorage, TusModule } from '../../../dist/index.js';
import { CompletionRelay } from '../../../dist/events/relay/completion-relay.js';
import { DELIVERY_REPOSITORY } from '../../../dist/repository/delivery-repository.js';
import { RETRY_REPOSITORY } from '../../../dist/repository/retry-repository.js';

const { TUS_DIRECTORY, TUS_COMPLETED, TUS_KILL = 'null', TUS_OPTIONS, TUS_POSTGRES } = process.env;
const { throws = 0, ...kill } = JSON.parse(TUS_KILL) ?? {};
let passed = 0;

/** Dies where it is told to, at the moment that it is told to. */
function mayDie(point, late = false) {
  if (kill.point !== point || kill.late !== late || passed++ < kill.after) return;
  process.kill(process.pid, 'SIGKILL');
}

class Journal {
  async onUploadComplete({ id }) {
    mayDie('inside');
    appendFileSync(TUS_COMPLETED, `+ ${process.pid} ${id}\n`);
    await turn();
    mayDie('inside', true);
    if (Math.random() < throws) {
      appendFileSync(TUS_COMPLETED, `! ${process.pid} ${id}\n`);
      throw new Error('a fault of the test');
    }
    appendFileSync(TUS_COMPLETED, `- ${process.pid} ${id}\n`);
  }
}

class AppModule {}
Module({
  imports: [
    TusModule.forRoot({
      storage: new LocalStorage({ directory: TUS_DIRECTORY }),
      ...JSON.parse(TUS_OPTIONS),
      ...(TUS_POSTGRES && { database: await new DataSource(JSON.parse(TUS_POSTGRES)).initialize() }),
    }),
  ],
  providers: [Journal],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
const relay = app.get(CompletionRelay, { strict: false });
const retries = app.get(RETRY_REPOSITORY, { strict: false });
const deliveries = app.get(DELIVERY_REPOSITORY, { strict: false });
dyingBefore(relay, 'deliver', 'before');
dyingBefore(deliveries, 'delivered', 'after');
for (const method of ['open', 'failed', 'delivered']) dyingBefore(retries, method, 'after');
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
process.stdout.write(`${JSON.stringify({ port: app.getHttpServer().address().port })}\n`);

/** Late: when the call is under way, so that nobody knows what has become of it. */
function dyingBefore(object, method, point) {
  const real = object[method].bind(object);
  object[method] = (...input) => {
    mayDie(point);
    const result = real(...input);
    mayDie(point, true);
    return result;
  };
}
