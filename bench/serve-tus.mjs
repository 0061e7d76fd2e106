import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { LocalStorage, TusModule } from '../dist/index.js';
import { listen } from './listen-nest.mjs';

/** Serves nestjs-tus as an application would mount it, with files unless another storage is given. */
export async function serveTus({ driver, adapter, storage, providers = [] }) {
  const directory = process.env.TUS_DIRECTORY;
  const options = {
    storage: storage ?? new LocalStorage({ directory }),
    database: { path: join(directory, 'uploads.sqlite'), driver },
  };
  class AppModule {}
  Module({ imports: [TusModule.forRoot(options)], providers })(AppModule);
  await listen(AppModule, { adapter });
}
