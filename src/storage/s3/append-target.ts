import { Readable } from 'node:stream';
import type { Part } from '../../model/part.js';
import type { PartBytes, PartTarget } from '../parts/part-target.js';
import type { StoredUpload, WriteContext } from '../upload-storage.js';
import type { Keys } from './keys.js';
import type { Multiparts } from './multiparts.js';
import { workHeaders } from './object-settings.js';
import type { S3ObjectSettings } from './object-settings.js';
import { parseReference } from './reference.js';
import type { Multipart, S3Api } from './s3.api.js';
import type { WorkObjects } from './work-objects.js';

export interface AppendTargetDeps {
  readonly api: S3Api;
  readonly keys: Keys;
  readonly settings: S3ObjectSettings;
  readonly multiparts: Multiparts;
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

  async put({ number, length, body }: PartBytes): Promise<string> {
    const { api, multiparts } = this.deps;
    this.current ??= multiparts.begin(this.upload, parseReference(this.recorded), (reference) =>
      this.record(reference),
    );
    return api.uploadPart(await this.current, { number, length, body }, multiparts.checksumOf(this.upload));
  }

  async putTail(tail: PartBytes): Promise<string> {
    const { api, keys, settings } = this.deps;
    await api.putObject(keys.tail(this.upload.id, tail), tail, workHeaders(settings, this.upload));
    return 'stored';
  }

  async readTail(tail: Part): Promise<Readable> {
    const bytes = await this.deps.api.bytes(this.deps.keys.tail(this.upload.id, tail), tail.length);
    return Readable.from([bytes]);
  }

  removeTail(tail: Part): Promise<void> {
    return this.deps.work.remove(this.deps.keys.tail(this.upload.id, tail));
  }

  private async record(reference: string): Promise<void> {
    await this.toRecord(reference);
    this.recorded = reference;
  }
}
