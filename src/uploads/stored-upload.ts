import { LeaseLostError } from '../locks/lease-lost.error.js';
import type { Part } from '../model/part.js';
import type { PartRepository } from '../repository/part-repository.js';
import type { UploadRecord } from '../repository/upload-record.js';
import type { StoredUpload, UploadParts } from '../storage/upload-storage.js';
import type { UploadDeps } from './upload-deps.js';

/** What a storage is told of a row. */
export function storedUpload({ parts }: Pick<UploadDeps, 'parts'>, record: UploadRecord): StoredUpload {
  const { id, kind, key, reference, offset, length, epoch, metadata, createdAt } = record;
  return {
    ...{ id, kind, key, reference, offset, length, epoch, metadata, createdAt },
    parts: new RowParts(parts, id, epoch),
  };
}

/** The same once all bytes are there: what is completed. */
export function wholeUpload(
  deps: Pick<UploadDeps, 'parts'>,
  record: UploadRecord,
  length: number,
): StoredUpload {
  return { ...storedUpload(deps, record), offset: length, length };
}

/** Writes under the epoch of the row that the storage was told of: an earlier holder writes nothing. */
class RowParts implements UploadParts {
  constructor(
    private readonly rows: PartRepository,
    private readonly uploadId: string,
    private readonly epoch: number,
  ) {}

  list(from?: number): Promise<readonly Part[]> {
    return this.rows.list(this.uploadId, from);
  }

  async record(parts: readonly Part[]): Promise<void> {
    if (await this.rows.record(this.uploadId, this.epoch, parts)) return;
    throw new LeaseLostError(this.uploadId);
  }

  forget(numbers?: readonly number[]): Promise<void> {
    return this.rows.forget(this.uploadId, numbers);
  }
}
