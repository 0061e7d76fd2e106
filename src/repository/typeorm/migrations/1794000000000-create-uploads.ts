import type { MigrationInterface, QueryRunner, TableColumnOptions } from 'typeorm';
import { Table, TableIndex } from 'typeorm';

/** The uploads and the ordered lists of finals. */
export class CreateUploads1794000000000 implements MigrationInterface {
  readonly name = 'CreateUploads1794000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(uploads());
    await runner.createTable(finalPartials());
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('tus_final_partial');
    await runner.dropTable('tus_upload');
  }
}

function uploads(): Table {
  return new Table({
    name: 'tus_upload',
    columns: [
      { ...text('id', 255), isPrimary: true },
      text('endpoint', 255),
      text('storage', 255),
      nullable(text('storage_key', 1024)),
      nullable(text('live_key', 1024)),
      nullable({ name: 'reference', type: 'text' }),
      text('kind', 16),
      text('protocol', 16),
      nullable({ name: 'upload_length', type: 'bigint' }),
      { name: 'upload_offset', type: 'bigint' },
      nullable({ name: 'metadata', type: 'text' }),
      nullable({ name: 'upload_concat', type: 'text' }),
      text('state', 16),
      nullable(text('ending', 16)),
      text('content', 16),
      nullable(text('consumed_by', 255)),
      { name: 'pins', type: 'integer' },
      nullable({ name: 'owner', type: 'text' }),
      nullable(text('dedupe_key', 255)),
      nullable(text('delivery', 16)),
      nullable({ name: 'delivery_until', type: 'bigint' }),
      { name: 'created_at', type: 'bigint' },
      { name: 'updated_at', type: 'bigint' },
      nullable({ name: 'completed_at', type: 'bigint' }),
      nullable({ name: 'expires_at', type: 'bigint' }),
      nullable(text('lease_holder', 255)),
      nullable({ name: 'lease_expires_at', type: 'bigint' }),
      { name: 'epoch', type: 'integer' },
      { name: 'released_epoch', type: 'integer' },
    ],
    indices: uploadIndexes(),
  });
}

function uploadIndexes(): TableIndex[] {
  return [
    new TableIndex({
      name: 'tus_upload_key',
      columnNames: ['storage', 'live_key'],
      isUnique: true,
      where: 'live_key IS NOT NULL',
    }),
    new TableIndex({
      name: 'tus_upload_dedupe',
      columnNames: ['dedupe_key'],
      isUnique: true,
      where: 'dedupe_key IS NOT NULL',
    }),
    new TableIndex({
      name: 'tus_upload_unsettled',
      columnNames: ['endpoint', 'state', 'updated_at'],
      where: `state NOT IN ('open', 'complete')`,
    }),
    new TableIndex({
      name: 'tus_upload_delivery',
      columnNames: ['endpoint', 'delivery_until'],
      where: `delivery = 'pending'`,
    }),
    new TableIndex({
      name: 'tus_upload_releasing',
      columnNames: ['endpoint', 'updated_at'],
      where: `content = 'releasing'`,
    }),
    new TableIndex({
      name: 'tus_upload_consumed',
      columnNames: ['consumed_by'],
      where: 'consumed_by IS NOT NULL',
    }),
  ];
}

function finalPartials(): Table {
  return new Table({
    name: 'tus_final_partial',
    columns: [
      { ...text('final_id', 255), isPrimary: true },
      { name: 'position', type: 'integer', isPrimary: true },
      text('partial_id', 255),
      nullable(text('source_id', 255)),
      nullable({ name: 'start_offset', type: 'bigint' }),
    ],
    indices: [new TableIndex({ name: 'tus_final_partial_partial', columnNames: ['partial_id', 'final_id'] })],
  });
}

function text(name: string, length: number): TableColumnOptions {
  return { name, type: 'varchar', length: String(length) };
}

function nullable(column: TableColumnOptions): TableColumnOptions {
  return { ...column, isNullable: true };
}
