import { Module } from '@nestjs/common';
import { LocalStorage, TusModule } from 'nestjs-tus';
import { Gallery } from './gallery.js';
import { GalleryController } from './gallery.controller.js';
import { settings } from './settings.js';
import { Thumbnails } from './thumbnails.js';

@Module({
  imports: [
    TusModule.forRoot({
      path: 'files',
      storage: new LocalStorage({ directory: settings.uploads }),
      cors: true,
      // Images are large in memory: no more than two at once. One that fails is tried five times.
      delivery: { concurrency: 2, attempts: 5, firstDelay: '5s' },
    }),
  ],
  controllers: [GalleryController],
  providers: [Gallery, Thumbnails],
})
export class AppModule {}
