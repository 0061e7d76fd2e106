// A server in a process of its own, for tests that kill it. It runs the built package.
import { appendFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { LocalStorage, TusModule } from '../../dist/index.js';
import { CONNECTION } from '../../dist/module/engine-providers.js';
import { files } from '../../dist/storage/local/files.js';
import { faultyFiles, faultyStatements } from './faults/faulty-calls.mjs';
import { Steps } from './faults/steps.mjs';

const {
  TUS_DIRECTORY,
  TUS_OPTIONS = '{}',
  TUS_COMPLETED,
  TUS_HOOK,
  TUS_FAULT,
  TUS_PLATFORM,
  TUS_STORE,
} = process.env;

/** Writes the id of each delivered upload to a file, if one is named; TUS_HOOK=hangs never returns from that. */
class Journal {
  onUploadComplete(upload) {
    if (TUS_COMPLETED) appendFileSync(TUS_COMPLETED, `${upload.id}\n`);
    return TUS_HOOK === 'hangs' ? new Promise(() => undefined) : undefined;
  }
}

/** TUS_HOOK=finishes: each upload is written to the same file before it is complete; finish-hangs never returns from that. */
if (TUS_HOOK?.startsWith('finish')) {
  Journal.prototype.onUploadFinish = (upload) => {
    appendFileSync(TUS_COMPLETED, `finish ${upload.id}\n`);
    return TUS_HOOK === 'finish-hangs' ? new Promise(() => undefined) : undefined;
  };
}

class AppModule {}
Module({
  imports: [
    TusModule.forRoot({
      ...(TUS_STORE
        ? await onStore(JSON.parse(TUS_STORE))
        : { storage: new LocalStorage({ directory: TUS_DIRECTORY }) }),
      ...JSON.parse(TUS_OPTIONS),
    }),
  ],
  providers: [Journal],
})(AppModule);

const adapter =
  TUS_PLATFORM === 'fastify' ? new FastifyAdapter({ return503OnClosing: false }) : new ExpressAdapter();
const app = await NestFactory.create(AppModule, adapter, { logger: ['error', 'warn'] });
if (TUS_FAULT) suffer(JSON.parse(TUS_FAULT));
app.enableShutdownHooks();
// A connection that a slow test does not use for a while is still there.
app.getHttpServer().keepAliveTimeout = 600_000;
await app.listen(0, '127.0.0.1');
process.stdout.write(`${JSON.stringify({ port: app.getHttpServer().address().port })}\n`);

/** Bytes in a store, rows where they are for a folder. */
async function onStore({ api, options }) {
  const { S3Storage, GcsStorage, AzureStorage } = await import(`../../dist/storage/${api}/index.js`);
  const database = { path: join(TUS_DIRECTORY, '.tus', 'uploads.sqlite') };
  return { storage: new (S3Storage ?? GcsStorage ?? AzureStorage)(options), database };
}

/** From now on statements and file calls are counted, and one of them goes wrong. */
function suffer(fault) {
  const steps = new Steps();
  steps.onCrash = () => process.kill(process.pid, 'SIGKILL');
  const stepsOf = (path) => (path.startsWith(TUS_DIRECTORY) ? steps : undefined);
  for (const calls of [promises, files]) Object.assign(calls, faultyFiles({ ...calls }, stepsOf));
  syncBuiltinESMExports();
  const { dataSource, reader } = app.get(CONNECTION, { strict: false });
  faultyStatements([dataSource, reader], steps);
  steps.arm(fault);
}
