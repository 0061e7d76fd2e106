import { EntitySchema } from 'typeorm';
import { columnTypes } from './column-types.js';
import type { Family } from './dialect.js';

/** The call of one provider for one upload, as the database names things. */
export interface DeliveryRow {
  upload_id: string;
  /** The class of the provider. */
  provider: string;
  endpoint: string;
  /** Calls that failed. */
  attempts: number;
  /** When it may be claimed; null once it is given up. */
  due_at: number | string | null;
  /** When its last call failed; null if none has. */
  failed_at: number | string | null;
  error: string | null;
}

export const DELIVERY_INDEX = { name: 'tus_delivery_due', columns: ['endpoint', 'due_at'] } as const;

export function deliverySchema(family: Family): EntitySchema<DeliveryRow> {
  const { short, long } = columnTypes(family);
  return new EntitySchema<DeliveryRow>({
    name: 'TusDelivery',
    tableName: 'tus_delivery',
    columns: {
      upload_id: { ...short, length: 255, primary: true },
      provider: { ...short, length: 255, primary: true },
      endpoint: { ...short, length: 255 },
      attempts: { type: 'integer' },
      due_at: { type: 'bigint', nullable: true },
      failed_at: { type: 'bigint', nullable: true },
      error: { ...long, nullable: true },
    },
    indices: [{ name: DELIVERY_INDEX.name, columns: [...DELIVERY_INDEX.columns] }],
  });
}
