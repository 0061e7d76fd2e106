import { Module } from '@nestjs/common';
import { LocalStorage, TusModule } from 'nestjs-tus';
import { uploadDirectory } from './settings.js';

/** The server: nothing has to be set for parallel uploads. */
@Module({
  imports: [
    TusModule.forRoot({
      path: 'files',
      storage: new LocalStorage({ directory: uploadDirectory }),
      downloads: true,
    }),
  ],
})
export class AppModule {}
