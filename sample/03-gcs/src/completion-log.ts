import { Injectable, Logger } from '@nestjs/common';
import type { CompletedUpload, OnUploadComplete } from 'nestjs-tus';
import { settings } from './settings.js';

/** Called for every upload that is complete, and for every final once its partials are merged. */
@Injectable()
export class CompletionLog implements OnUploadComplete {
  private readonly logger = new Logger('Uploads');

  onUploadComplete(upload: CompletedUpload): void {
    // The name comes from a client: quoted, so that it cannot pretend to be another line of the log.
    const name = JSON.stringify(upload.metadata.get('filename') ?? upload.id);
    this.logger.log(`${name}: ${upload.length} bytes in gs://${settings.bucket}/uploads/${upload.key}`);
  }
}
