/** What is used here of a statement of the package `sqlite3`. */
interface Statement {
  all(parameters: unknown, callback: Callback): unknown;
  finalize(): void;
}

/** What is used here of a connection of the package `sqlite3`. */
interface Connection {
  all(sql: string, parameters: unknown, callback: Callback): this;
  prepare(sql: string, callback: (error: Error | null) => void): Statement;
  close(callback?: Callback): void;
}

/** The class of the connections. */
export type SqliteDatabaseClass = new (...input: never[]) => Connection;

type Callback = (error: Error | null, rows?: unknown[]) => void;

/** Statements that stay prepared; more than the different ones that this room sends over and over. */
const MOST = 50;

/** What has ended with its last row; others, such as EXPLAIN, would be in progress until they are used again. */
const ENDS = /^(SELECT|WITH|INSERT|UPDATE|DELETE|BEGIN|COMMIT|ROLLBACK)\b/;

/**
 * The class of connections of the package `sqlite3`, with statements that stay prepared. Without that each one takes two
 * turns in the thread pool: to be prepared, and to run.
 */
export function preparing(Database: SqliteDatabaseClass): SqliteDatabaseClass {
  return class extends Database {
    private readonly statements = new Map<string, Statement>();
    /** Whom to tell where a statement that is being prepared cannot be: it drops the calls that wait for it. */
    private readonly waiting = new Map<Statement, Callback[]>();

    override all(sql: string, parameters: unknown, callback: Callback): this {
      if (!ENDS.test(sql)) return super.all(sql, parameters, callback);
      this.statement(sql, callback).all(parameters, callback);
      return this;
    }

    override close(callback?: Callback): void {
      // The file cannot be closed under statements.
      for (const statement of this.statements.values()) statement.finalize();
      this.statements.clear();
      super.close(callback);
    }

    private statement(sql: string, callback: Callback): Statement {
      const known = this.statements.get(sql);
      this.statements.delete(sql);
      const statement = known ?? this.prepared(sql);
      this.waiting.get(statement)?.push(callback);
      this.statements.set(sql, statement);
      // The one that was not used for the longest time comes first.
      for (const [oldest, unused] of this.statements) {
        if (this.statements.size <= MOST) break;
        this.statements.delete(oldest);
        unused.finalize();
      }
      return statement;
    }

    /** One that cannot be prepared tells all who wait why, and is never run. */
    private prepared(sql: string): Statement {
      const statement = this.prepare(sql, (error) => {
        const callers = this.waiting.get(statement) ?? [];
        this.waiting.delete(statement);
        if (!error) return;
        if (this.statements.get(sql) === statement) this.statements.delete(sql);
        for (const callback of callers) callback(error);
      });
      this.waiting.set(statement, []);
      return statement;
    }
  };
}
