import { Module } from '@nestjs/common';
import { LocalStorage, TusModule } from 'nestjs-tus';
import { CompletionLog } from './completion-log.js';
import { uploadDirectory } from './upload-directory.js';

@Module({
  imports: [
    TusModule.forRoot({
      path: 'files',
      storage: new LocalStorage({ directory: uploadDirectory }),
      checksums: ['sha1', 'sha256', 'md5'],
      cors: true,
      expiration: '24h',
      downloads: true,
    }),
  ],
  providers: [CompletionLog],
})
export class AppModule {}
