import type { MigrationInterface, QueryRunner, TableColumnOptions } from 'typeorm';
import { Table, TableIndex } from 'typeorm';
import { columnTypes } from '../column-types.js';
import { DELIVERY_INDEX } from '../delivery.schema.js';
import { familyOf } from '../database-family.js';
import type { Family } from '../dialect.js';
import { uploadIndexes } from '../upload-indexes.js';

/** The uploads, the ordered lists of finals, the parts of uploads, and deliveries that failed. May be repeated where a crash left it half done. */
export class CreateUploads1794000000000 implements MigrationInterface {
  readonly name = 'CreateUploads1794000000000';

  async up(runner: QueryRunner): Promise<void> {
    const family = familyOf(runner.connection.options.type);
    await runner.createTable(uploads(family), true);
    await runner.createTable(finalPartials(family), true);
    await runner.createTable(parts(family), true);
    await runner.createTable(deliveries(family), true);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('tus_delivery', true);
    await runner.dropTable('tus_part', true);
    await runner.dropTable('tus_final_partial', true);
    await runner.dropTable('tus_upload', true);
  }
}

function uploads(family: Family): Table {
  const { short, long } = columnsOf(family);
  return new Table({
    name: 'tus_upload',
    columns: [
      { ...short('id', 255), isPrimary: true },
      short('endpoint', 255),
      short('storage', 255),
      nullable(short('storage_key', 1024)),
      nullable(short('live_key', 64)),
      nullable(long('reference')),
      short('kind', 16),
      short('protocol', 16),
      nullable({ name: 'upload_length', type: 'bigint' }),
      { name: 'upload_offset', type: 'bigint' },
      nullable(long('metadata')),
      nullable(long('upload_concat')),
      short('state', 16),
      nullable(short('ending', 16)),
      short('content', 16),
      nullable(short('consumed_by', 255)),
      { name: 'pins', type: 'integer' },
      nullable(long('owner')),
      nullable(short('dedupe_key', 255)),
      nullable(short('delivery', 16)),
      nullable({ name: 'delivery_until', type: 'bigint' }),
      { name: 'created_at', type: 'bigint' },
      { name: 'updated_at', type: 'bigint' },
      nullable({ name: 'completed_at', type: 'bigint' }),
      nullable({ name: 'expires_at', type: 'bigint' }),
      nullable(short('lease_holder', 255)),
      nullable({ name: 'lease_expires_at', type: 'bigint' }),
      { name: 'epoch', type: 'integer' },
      { name: 'released_epoch', type: 'integer' },
    ],
    indices: uploadIndexes(family).map(
      ({ name, columns, unique = false, where }) =>
        new TableIndex({ name, columnNames: [...columns], isUnique: unique, ...(where && { where }) }),
    ),
  });
}

function finalPartials(family: Family): Table {
  const { short } = columnsOf(family);
  return new Table({
    name: 'tus_final_partial',
    columns: [
      { ...short('final_id', 255), isPrimary: true },
      { name: 'position', type: 'integer', isPrimary: true },
      short('partial_id', 255),
      nullable(short('source_id', 255)),
      nullable({ name: 'start_offset', type: 'bigint' }),
    ],
    indices: [new TableIndex({ name: 'tus_final_partial_partial', columnNames: ['partial_id', 'final_id'] })],
  });
}

function parts(family: Family): Table {
  const { short } = columnsOf(family);
  return new Table({
    name: 'tus_part',
    columns: [
      { ...short('upload_id', 255), isPrimary: true },
      { name: 'number', type: 'integer', isPrimary: true },
      { name: 'epoch', type: 'integer' },
      { name: 'start_offset', type: 'bigint' },
      { name: 'length', type: 'bigint' },
      nullable(short('tag', 1024)),
      { name: 'tail', type: 'integer' },
    ],
  });
}

function deliveries(family: Family): Table {
  const { short, long } = columnsOf(family);
  return new Table({
    name: 'tus_delivery',
    columns: [
      { ...short('upload_id', 255), isPrimary: true },
      { ...short('provider', 255), isPrimary: true },
      short('endpoint', 255),
      { name: 'attempts', type: 'integer' },
      nullable({ name: 'due_at', type: 'bigint' }),
      nullable({ name: 'failed_at', type: 'bigint' }),
      nullable(long('error')),
    ],
    indices: [new TableIndex({ name: DELIVERY_INDEX.name, columnNames: [...DELIVERY_INDEX.columns] })],
  });
}

function columnsOf(family: Family) {
  const types = columnTypes(family);
  return {
    short: (name: string, length: number): TableColumnOptions => ({
      ...types.short,
      name,
      length: String(length),
    }),
    long: (name: string): TableColumnOptions => ({ ...types.long, name }),
  };
}

function nullable(column: TableColumnOptions): TableColumnOptions {
  return { ...column, isNullable: true };
}
