import { Module } from '@nestjs/common';
import { TusModule } from 'nestjs-tus';
import { GcsStorage } from 'nestjs-tus/gcs';
import { CompletionLog } from './completion-log.js';
import { settings } from './settings.js';

@Module({
  imports: [
    TusModule.forRoot({
      path: 'files',
      storage: new GcsStorage({ bucket: settings.bucket, prefix: 'uploads/' }),
      // One process: the rows of uploads in a file. Several share a TypeORM DataSource for PostgreSQL.
      database: { path: settings.database },
      cors: true,
      downloads: true,
    }),
  ],
  providers: [CompletionLog],
})
export class AppModule {}
