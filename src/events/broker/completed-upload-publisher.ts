import { lastValueFrom, timeout } from 'rxjs';
import type { Observable } from 'rxjs';
import type { CompletedUpload } from '../../model/upload.js';
import type { OnUploadComplete } from '../hooks.js';
import { completedEvent, UPLOAD_COMPLETED } from './cloud-event.js';
import type { UploadCloudEvent } from './cloud-event.js';

/** A client that waits for a broker for ever must not keep its place. */
const PATIENCE_MILLISECONDS = 30_000;

/** What is used of `ClientProxy` of `@nestjs/microservices`, whichever its transport is. */
export interface EventClient {
  emit(pattern: string, event: UploadCloudEvent): Observable<unknown>;
}

export interface CompletedUploadPublisherOptions {
  readonly client: EventClient;
  /** The `source` of the events, a URI reference such as `https://api.example.com/files`. */
  readonly source: string;
  /**
   * The pattern, which transports call channel, subject, topic or queue.
   * @default 'nestjs-tus.upload.completed'
   */
  readonly pattern?: string;
}

/**
 * Hands each completed upload, and each merged final, to a message broker as a CloudEvents 1.0 object. Make it a provider:
 * it is an `OnUploadComplete` like any other, so that an event which the broker has not taken within 30 s is sent again,
 * also after a crash. How safe the event is from then on is the broker's; clients of NATS and TCP take what they have only
 * buffered for taken.
 *
 * @example
 * {
 *   provide: CompletedUploadPublisher,
 *   inject: ['BROKER'],
 *   useFactory: (client: ClientProxy) => new CompletedUploadPublisher({ client, source: '/files' }),
 * }
 */
export class CompletedUploadPublisher implements OnUploadComplete {
  /** @throws TypeError for an option that cannot be what it is */
  constructor(private readonly options: CompletedUploadPublisherOptions) {
    const { client, source, pattern = UPLOAD_COMPLETED } = options;
    if (typeof client?.emit !== 'function')
      throw new TypeError('CompletedUploadPublisher: give the option "client" a ClientProxy.');
    if (typeof source !== 'string' || source === '')
      throw new TypeError('CompletedUploadPublisher: give the option "source" a URI, such as "/files".');
    if (typeof pattern !== 'string' || pattern === '')
      throw new TypeError('CompletedUploadPublisher: give the option "pattern" a text, or leave it out.');
  }

  async onUploadComplete(upload: CompletedUpload): Promise<void> {
    const { client, source, pattern = UPLOAD_COMPLETED } = this.options;
    const taken = client.emit(pattern, completedEvent(source, upload)).pipe(timeout(PATIENCE_MILLISECONDS));
    await lastValueFrom(taken, { defaultValue: undefined });
  }
}
