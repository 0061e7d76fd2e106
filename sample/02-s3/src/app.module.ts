import { Module } from '@nestjs/common';
import { TusModule } from 'nestjs-tus';
import { S3Storage } from 'nestjs-tus/s3';
import { CompletionLog } from './completion-log.js';
import { settings } from './settings.js';

const { bucket, endpoint, database } = settings;

@Module({
  imports: [
    TusModule.forRoot({
      path: 'files',
      storage: new S3Storage({
        bucket,
        prefix: 'uploads/',
        // Other stores know buckets by the path of a URL, not by its host.
        ...(endpoint && { clientConfig: { endpoint, forcePathStyle: true } }),
      }),
      // One process: the rows of uploads in a file. Several share a TypeORM DataSource for PostgreSQL.
      database: { path: database },
      cors: true,
      downloads: true,
    }),
  ],
  providers: [CompletionLog],
})
export class AppModule {}
