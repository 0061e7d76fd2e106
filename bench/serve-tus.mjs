import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { LocalStorage, TusModule } from '../dist/index.js';
import { listen } from './listen-nest.mjs';

/** Serves nestjs-tus as an application would mount it. */
export async function serveTus({ driver, adapter }) {
  const directory = process.env.TUS_DIRECTORY;
  const database = { path: join(directory, 'uploads.sqlite'), driver };
  class AppModule {}
  Module({ imports: [TusModule.forRoot({ storage: new LocalStorage({ directory }), database })] })(AppModule);
  await listen(AppModule, { adapter });
}
