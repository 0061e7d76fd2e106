import { EntitySchema } from 'typeorm';
import type { UploadRow } from './upload-row.js';

/**
 * One row per upload. Indexes hold only the rows that their query is about, so that creating an ordinary upload
 * writes to the primary key and the key's guard alone.
 */
export const uploadSchema = new EntitySchema<UploadRow>({
  name: 'TusUpload',
  tableName: 'tus_upload',
  columns: {
    id: { type: 'varchar', length: 255, primary: true },
    endpoint: { type: 'varchar', length: 255 },
    storage: { type: 'varchar', length: 255 },
    storage_key: { type: 'varchar', length: 1024, nullable: true },
    live_key: { type: 'varchar', length: 1024, nullable: true },
    reference: { type: 'text', nullable: true },
    kind: { type: 'varchar', length: 16 },
    protocol: { type: 'varchar', length: 16 },
    upload_length: { type: 'bigint', nullable: true },
    upload_offset: { type: 'bigint' },
    metadata: { type: 'text', nullable: true },
    upload_concat: { type: 'text', nullable: true },
    state: { type: 'varchar', length: 16 },
    ending: { type: 'varchar', length: 16, nullable: true },
    content: { type: 'varchar', length: 16 },
    consumed_by: { type: 'varchar', length: 255, nullable: true },
    pins: { type: 'integer' },
    owner: { type: 'text', nullable: true },
    dedupe_key: { type: 'varchar', length: 255, nullable: true },
    delivery: { type: 'varchar', length: 16, nullable: true },
    delivery_until: { type: 'bigint', nullable: true },
    created_at: { type: 'bigint' },
    updated_at: { type: 'bigint' },
    completed_at: { type: 'bigint', nullable: true },
    expires_at: { type: 'bigint', nullable: true },
    lease_holder: { type: 'varchar', length: 255, nullable: true },
    lease_expires_at: { type: 'bigint', nullable: true },
    epoch: { type: 'integer' },
    released_epoch: { type: 'integer' },
  },
  indices: [
    {
      name: 'tus_upload_key',
      columns: ['storage', 'live_key'],
      unique: true,
      where: 'live_key IS NOT NULL',
    },
    { name: 'tus_upload_dedupe', columns: ['dedupe_key'], unique: true, where: 'dedupe_key IS NOT NULL' },
    {
      name: 'tus_upload_unsettled',
      columns: ['endpoint', 'state', 'updated_at'],
      where: `state NOT IN ('open', 'complete')`,
    },
    {
      name: 'tus_upload_delivery',
      columns: ['endpoint', 'delivery_until'],
      where: `delivery = 'pending'`,
    },
    { name: 'tus_upload_releasing', columns: ['endpoint', 'updated_at'], where: `content = 'releasing'` },
    { name: 'tus_upload_consumed', columns: ['consumed_by'], where: 'consumed_by IS NOT NULL' },
  ],
});
