import { EntitySchema } from 'typeorm';
import { columnTypes } from './column-types.js';
import type { Family } from './dialect.js';
import { uploadIndexes } from './upload-indexes.js';
import type { UploadRow } from './upload-row.js';

/** One row per upload. */
export function uploadSchema(family: Family): EntitySchema<UploadRow> {
  const { short, long } = columnTypes(family);
  return new EntitySchema<UploadRow>({
    name: 'TusUpload',
    tableName: 'tus_upload',
    columns: {
      id: { ...short, length: 255, primary: true },
      endpoint: { ...short, length: 255 },
      storage: { ...short, length: 255 },
      storage_key: { ...short, length: 1024, nullable: true },
      live_key: { ...short, length: 64, nullable: true },
      reference: { ...long, nullable: true },
      kind: { ...short, length: 16 },
      protocol: { ...short, length: 16 },
      upload_length: { type: 'bigint', nullable: true },
      upload_offset: { type: 'bigint' },
      metadata: { ...long, nullable: true },
      upload_concat: { ...long, nullable: true },
      state: { ...short, length: 16 },
      ending: { ...short, length: 16, nullable: true },
      content: { ...short, length: 16 },
      consumed_by: { ...short, length: 255, nullable: true },
      pins: { type: 'integer' },
      owner: { ...long, nullable: true },
      dedupe_key: { ...short, length: 255, nullable: true },
      delivery: { ...short, length: 16, nullable: true },
      delivery_until: { type: 'bigint', nullable: true },
      created_at: { type: 'bigint' },
      updated_at: { type: 'bigint' },
      completed_at: { type: 'bigint', nullable: true },
      expires_at: { type: 'bigint', nullable: true },
      lease_holder: { ...short, length: 255, nullable: true },
      lease_expires_at: { type: 'bigint', nullable: true },
      epoch: { type: 'integer' },
      released_epoch: { type: 'integer' },
    },
    indices: uploadIndexes(family).map(({ columns, ...index }) => ({ ...index, columns: [...columns] })),
  });
}
