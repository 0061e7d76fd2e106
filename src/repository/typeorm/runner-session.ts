import type { QueryRunner } from 'typeorm';
import type { ServerDialect } from './server-dialect.js';
import type { SqlSession, SqlValue } from './sql-connection.js';

/** One connection of a pool. */
export class RunnerSession implements SqlSession {
  constructor(
    readonly runner: QueryRunner,
    readonly dialect: ServerDialect,
  ) {}

  async query<Row>(sql: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
    const { records } = await this.runner.query(this.dialect.dress(sql), [...parameters], true);
    return records as Row[];
  }

  async change(sql: string, parameters: readonly SqlValue[] = []): Promise<number> {
    const { affected } = await this.runner.query(this.dialect.dress(sql), [...parameters], true);
    return affected ?? 0;
  }
}
