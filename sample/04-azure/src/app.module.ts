import { Module } from '@nestjs/common';
import { TusModule } from 'nestjs-tus';
import { AzureStorage } from 'nestjs-tus/azure';
import { CompletionLog } from './completion-log.js';
import { settings } from './settings.js';

const { connectionString, container, database } = settings;

@Module({
  imports: [
    TusModule.forRoot({
      path: 'files',
      // With an identity in place of a key: client: new BlobServiceClient(url, new DefaultAzureCredential())
      storage: new AzureStorage({ connectionString, container, prefix: 'uploads/' }),
      // One process: the rows of uploads in a file. Several share a TypeORM DataSource for PostgreSQL.
      database: { path: database },
      cors: true,
      downloads: true,
    }),
  ],
  providers: [CompletionLog],
})
export class AppModule {}
