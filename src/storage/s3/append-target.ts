import { Readable } from 'node:stream';
import type { Part } from '../../model/part.js';
import type { PartBytes, PartTarget } from '../parts/part-target.js';
import type { StoredUpload, WriteContext } from '../upload-storage.js';
import type { Keys } from './keys.js';
import type { Multiparts } from './multiparts.js';
import { workHeaders } from './object-settings.js';
import type { S3ObjectSettings } from './object-settings.js';
import type { Publisher } from './publisher.js';
import { begunBy, parseReference } from './reference.js';
import type { Multipart, S3Api } from './s3.api.js';
import { S3Error } from './s3.error.js';
import type { WorkObjects } from './work-objects.js';

/** The tag of a part that is in the object of the upload already. Complete finds that object, whatever it is told. */
const MADE = 'made';

export interface AppendTargetDeps {
  readonly api: S3Api;
  readonly keys: Keys;
  readonly settings: S3ObjectSettings;
  readonly multiparts: Multiparts;
  readonly publisher: Publisher;
  readonly work: WorkObjects;
}

/** Where the parts of one append go: into a multipart upload, which the first of them begins. */
export class AppendTarget implements PartTarget {
  private current: Promise<Multipart> | undefined;
  private recorded: string | null;

  constructor(
    private readonly deps: AppendTargetDeps,
    private readonly upload: StoredUpload,
    private readonly toRecord: WriteContext['record'],
  ) {
    this.recorded = upload.reference;
    const known = deps.multiparts.of(upload, parseReference(upload.reference));
    this.current = known && Promise.resolve(known);
  }

  /** The multipart upload, if there is one. */
  get begun(): Promise<Multipart> | undefined {
    return this.current;
  }

  /** The reference that is on record now. */
  get reference(): string | null {
    return this.recorded;
  }

  async put({ number, length, body, signal }: PartBytes): Promise<string> {
    const { multiparts } = this.deps;
    this.current ??= multiparts.begin(this.upload, parseReference(this.recorded), {
      record: (reference) => this.record(reference),
      signal,
    });
    const multipart = await this.current;
    try {
      return await multiparts.put(this.upload, multipart, { number, length, body, signal });
    } catch (error) {
      if (!signal?.aborted && (await this.isMade(error))) return MADE;
      throw error;
    }
  }

  async putTail(tail: PartBytes): Promise<string> {
    const { api, keys, settings } = this.deps;
    await api.putObject(keys.tail(this.upload.id, tail), tail, workHeaders(settings, this.upload));
    return 'stored';
  }

  async readTail(tail: Part): Promise<Readable> {
    const { api, keys } = this.deps;
    // As they come: many clients that go on at once must not have all their tails in memory.
    return Readable.from(api.wholeChunks(keys.tail(this.upload.id, tail), tail.length), {
      objectMode: false,
    });
  }

  removeTail(tail: Part): Promise<void> {
    return this.deps.work.remove(this.deps.keys.tail(this.upload.id, tail));
  }

  /**
   * Whether an earlier writer has made the object, and was gone before that came on record. The answer that says so may
   * get lost.
   */
  private async isMade(error: unknown): Promise<boolean> {
    const { epoch, length } = this.upload;
    if (epoch <= 1 || length === null || !(error instanceof S3Error)) return false;
    if (error.kind !== 'unavailable' && error.code !== 'NoSuchUpload') return false;
    const publication = { upload: this.upload, since: begunBy(this.recorded) };
    return (await this.deps.publisher.findAfter(publication, error)) === 'made';
  }

  private async record(reference: string): Promise<void> {
    await this.toRecord(reference);
    this.recorded = reference;
  }
}
