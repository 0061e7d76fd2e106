import { isDeepStrictEqual } from 'node:util';
import type { Part } from '../../model/part.js';
import type { PartRepository } from '../part-repository.js';
import type { GivenColumn, GivenRow } from './dialect.js';
import type { PartRow } from './part.schema.js';
import { settle } from './settle.js';
import type { SqlSession } from './sql-connection.js';
import { placeholders, statementChunks } from './sql-lists.js';

/** What is given of a part, in this order. */
const GIVEN: readonly GivenColumn[] = [
  { name: 'given_number', type: 'integer' },
  { name: 'given_epoch', type: 'integer' },
  { name: 'given_start', type: 'bigint' },
  { name: 'given_length', type: 'bigint' },
  { name: 'given_tag', type: 'varchar' },
  { name: 'given_tail', type: 'integer' },
];

const COLUMNS = ['number', 'epoch', 'start_offset', 'length', 'tag', 'tail'] as const;

/** Thousands of parts stay where they are, instead of coming with each append. */
const NEAR_THE_END = `(tail = 1 OR start_offset = 0 OR start_offset + length >= ?
  OR number = (SELECT MAX(number) FROM tus_part WHERE upload_id = ? AND tail = 0))`;

/** The parts of one registration in a relational database. */
export class TypeOrmPartRepository implements PartRepository {
  /** `endpoint` names the registration whose leases count. */
  constructor(
    private readonly session: SqlSession,
    private readonly endpoint: string,
  ) {}

  async list(uploadId: string, from?: number): Promise<Part[]> {
    const some = from === undefined ? '' : `AND ${NEAR_THE_END}`;
    const rows = await this.session.query<PartRow>(
      `SELECT ${COLUMNS.join(', ')} FROM tus_part WHERE upload_id = ? ${some} ORDER BY number`,
      from === undefined ? [uploadId] : [uploadId, from, uploadId],
    );
    return rows.map(toPart);
  }

  async record(uploadId: string, epoch: number, parts: readonly Part[]): Promise<boolean> {
    for (const chunk of statementChunks(parts)) {
      const recorded = await settle(
        () => this.put(uploadId, epoch, chunk),
        () => this.has(uploadId, chunk),
      );
      if (!recorded) return false;
    }
    return true;
  }

  async forget(uploadId: string, numbers?: readonly number[]): Promise<void> {
    const forgetting = 'DELETE FROM tus_part WHERE upload_id = ?';
    if (!numbers) return void (await this.session.change(forgetting, [uploadId]));
    for (const chunk of statementChunks(numbers)) {
      const some = `${forgetting} AND number IN (${placeholders(chunk.length)})`;
      await this.session.change(some, [uploadId, ...chunk]);
    }
  }

  /**
   * The row of the upload is locked: whoever takes the lease meanwhile waits, and then finds these parts, or takes it
   * first, and then nothing is recorded.
   */
  private async put(uploadId: string, epoch: number, parts: readonly Part[]): Promise<true | undefined> {
    const { dialect } = this.session;
    const { sql, parameters } = dialect.givenRows(GIVEN, parts.map(toGiven));
    const changed = await this.session.change(
      `INSERT INTO tus_part (upload_id, ${COLUMNS.join(', ')})
      SELECT holder.id, ${GIVEN.map(({ name }) => name).join(', ')} FROM (${sql}) AS given CROSS JOIN (
        SELECT id FROM tus_upload WHERE id = ? AND endpoint = ? AND epoch = ? AND lease_holder IS NOT NULL
        ${dialect.lock}) AS holder
      WHERE 1 = 1 ${dialect.replacing(['upload_id', 'number'], COLUMNS.slice(1))}`,
      [...parameters, uploadId, this.endpoint, epoch],
    );
    return changed > 0 || undefined;
  }

  /** A row carries the epoch of its writer: what is found was recorded under it. */
  private async has(uploadId: string, parts: readonly Part[]): Promise<true | undefined> {
    const found = new Map((await this.list(uploadId)).map((part) => [part.number, toGiven(part)]));
    return parts.every((part) => isDeepStrictEqual(found.get(part.number), toGiven(part))) || undefined;
  }
}

function toGiven({ number, epoch, start, length, tag, tail }: Part): GivenRow {
  return [number, epoch, start, length, tag, tail ? 1 : 0];
}

function toPart(row: PartRow): Part {
  const { number, epoch, tag } = row;
  const [start, length] = [Number(row.start_offset), Number(row.length)];
  return { number, epoch, start, length, tag, tail: row.tail === 1 };
}
