import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { Controller, Get, Header, NotFoundException, Param, Sse, StreamableFile } from '@nestjs/common';
import type { MessageEvent } from '@nestjs/common';
import { UploadEvents, UploadService } from 'nestjs-tus';
import { defer, endWith, ignoreElements, map, merge, mergeMap, takeUntil } from 'rxjs';
import type { Observable } from 'rxjs';
import { Gallery } from './gallery.js';
import { PAGE } from './page.js';
import { nameOf } from './thumbnails.js';

@Controller()
export class GalleryController {
  constructor(
    private readonly gallery: Gallery,
    private readonly events: UploadEvents,
    private readonly uploads: UploadService,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  page(): string {
    return PAGE;
  }

  /** What is there, then what completes, as it completes, and once more when it is processed. */
  @Sse('live')
  live(): Observable<MessageEvent> {
    const completed$ = this.events.completed$.pipe(
      map(({ upload }) => ({ id: upload.id, name: nameOf(upload), length: upload.length })),
    );
    const there$ = defer(() => this.gallery.all()).pipe(mergeMap((entries) => entries));
    const ended$ = this.gallery.finished$.pipe(ignoreElements(), endWith(true));
    return merge(completed$, this.gallery.finished$, there$).pipe(
      takeUntil(ended$),
      map((data) => ({ data })),
    );
  }

  @Get('thumbnails/:id')
  async thumbnail(@Param('id') id: string): Promise<StreamableFile> {
    // Also the check of what came as an id: only ids of uploads lead to a file.
    const upload = await this.uploads.find(id);
    const path = this.gallery.thumbnail(upload?.id ?? '');
    if (!upload || !(await exists(path))) throw new NotFoundException();
    return new StreamableFile(createReadStream(path), { type: 'image/webp' });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
