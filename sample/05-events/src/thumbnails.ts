import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { Injectable, Logger } from '@nestjs/common';
import { InjectTusStorage, LocalStorage, UploadService } from 'nestjs-tus';
import type { CompletedUpload, OnUploadComplete } from 'nestjs-tus';
import sharp from 'sharp';
import { Gallery } from './gallery.js';

const PIXELS = 320;

/** Makes a checksum of each upload, and a thumbnail of each image; at least once, also after a crash in the middle. */
@Injectable()
export class Thumbnails implements OnUploadComplete {
  private readonly logger = new Logger('Thumbnails');

  constructor(
    private readonly gallery: Gallery,
    private readonly uploads: UploadService,
    @InjectTusStorage() private readonly storage: LocalStorage,
  ) {}

  async onUploadComplete(upload: CompletedUpload): Promise<void> {
    // Deleted before its turn came: there is nothing to look at any more.
    if (upload.state !== 'complete') return;
    const { id, length } = upload;
    const hash = createHash('sha256');
    await pipeline(await this.uploads.read(id), hash);
    const thumbnail = await this.thumbnailOf(upload);
    const name = nameOf(upload);
    const entry = { id, name, length, sha256: hash.digest('hex') };
    await this.gallery.put(thumbnail ? { ...entry, thumbnail: `thumbnails/${id}` } : entry, thumbnail);
    // The name comes from a client: quoted, so that it cannot pretend to be another line of the log.
    this.logger.log(`${JSON.stringify(name)}: ${thumbnail ? 'thumbnail and ' : ''}checksum`);
  }

  /** Undefined for what is no image. What fails otherwise is thrown, and tried again. */
  private async thumbnailOf({ key }: CompletedUpload): Promise<Buffer | undefined> {
    const image = sharp(this.storage.pathOf(key)).autoOrient();
    try {
      return await image
        .resize(PIXELS, PIXELS, { fit: 'inside', withoutEnlargement: true })
        .webp()
        .toBuffer();
    } catch (error) {
      if (error instanceof Error && /unsupported image format/.test(error.message)) return undefined;
      throw error;
    }
  }
}

export function nameOf(upload: CompletedUpload): string {
  return upload.metadata.get('filename') ?? upload.id;
}
