// A server in a process of its own, for tests that kill it. It runs the built package.
import { appendFileSync } from 'node:fs';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LocalStorage, TusModule } from '../../dist/index.js';

const { TUS_DIRECTORY, TUS_OPTIONS = '{}', TUS_COMPLETED, TUS_HOOK } = process.env;

/** Writes the id of each delivered upload to a file, if one is named; TUS_HOOK=hangs never returns from that. */
class Journal {
  onUploadComplete(upload) {
    if (TUS_COMPLETED) appendFileSync(TUS_COMPLETED, `${upload.id}\n`);
    return TUS_HOOK === 'hangs' ? new Promise(() => undefined) : undefined;
  }
}

class AppModule {}
Module({
  imports: [
    TusModule.forRoot({
      storage: new LocalStorage({ directory: TUS_DIRECTORY }),
      ...JSON.parse(TUS_OPTIONS),
    }),
  ],
  providers: [Journal],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
process.stdout.write(`${JSON.stringify({ port: app.getHttpServer().address().port })}\n`);
