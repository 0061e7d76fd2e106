import { randomUUID } from 'node:crypto';
import type { UploadKind } from '../../model/upload.js';
import type { ConcatSource, StoredUpload } from '../../storage/upload-storage.js';
import { RecordedParts } from './recorded-parts.js';
import { Statements } from './statements.js';

export interface NewRow {
  /** Default: `single`. */
  readonly kind?: UploadKind;
  /** Default: the id; a partial has none. */
  readonly key?: string;
  /** Default: unknown. */
  readonly length?: number | null;
}

/** The row of an upload, as far as storages have to do with it, in the memory of a test. */
export class Row {
  readonly id = randomUUID();
  readonly kind: UploadKind;
  readonly key: string | null;
  readonly createdAt = Date.now();
  readonly statements = new Statements();
  readonly parts = new RecordedParts(this.statements);
  reference: string | null = null;
  offset = 0;
  length: number | null;
  /** Of the newest holder. */
  epoch = 0;
  complete = false;
  /** The last holder may still write. */
  abandoned = false;

  constructor({ kind = 'single', key, length = null }: NewRow) {
    this.kind = kind;
    this.key = kind === 'partial' ? null : (key ?? this.id);
    this.length = length;
  }

  /** What a storage is told that only reads. */
  get view(): StoredUpload {
    const { id, kind, key, reference, offset, length, epoch } = this;
    return {
      id,
      kind,
      key,
      reference,
      offset,
      length,
      epoch,
      parts: this.parts.of(this, epoch),
      metadata: null,
      createdAt: this.createdAt,
    };
  }

  /** All bytes of a complete upload, or a range of them, for a final. */
  source(range: Partial<Omit<ConcatSource, 'upload'>> = {}): ConcatSource {
    return { upload: this.view, start: 0, length: this.offset, adoptable: false, ...range };
  }
}
