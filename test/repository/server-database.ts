import { DataSource } from 'typeorm';
import type { DataSourceOptions } from 'typeorm';
import { DataSourceConnection } from '../../src/repository/typeorm/data-source-connection.js';
import type { TestDatabase } from './fixtures.js';

/** What a test server hands over, whichever it is. */
export interface StartedServer {
  readonly address: DataSourceOptions;
  stop(): Promise<void>;
}

/** A server that starts once for a file of tests; each test finds its tables empty. */
export class ServerDatabase {
  private server: StartedServer | undefined;
  private application: DataSource | undefined;
  private opened: DataSourceConnection | undefined;

  constructor(private readonly start: () => Promise<StartedServer>) {}

  /** The `DataSource` of the application. */
  get dataSource(): DataSource {
    if (!this.application) throw new Error('The server has not been started.');
    return this.application;
  }

  get connection(): DataSourceConnection {
    if (!this.opened) throw new Error('The server has not been started.');
    return this.opened;
  }

  /** Another `DataSource` of the same database, not initialised. */
  another(options: Partial<DataSourceOptions> = {}): DataSource {
    if (!this.server) throw new Error('The server has not been started.');
    return new DataSource({ ...this.server.address, ...options } as DataSourceOptions);
  }

  async up(): Promise<void> {
    this.server = await this.start();
    this.application = await this.another().initialize();
    this.opened = new DataSourceConnection(this.application);
    await this.opened.open();
  }

  async down(): Promise<void> {
    await this.opened?.close();
    await this.application?.destroy();
    await this.server?.stop();
  }

  /** Empties the tables, as the next test wants them. */
  readonly make = async (): Promise<TestDatabase> => {
    const { connection } = this;
    const close = async (): Promise<void> => {
      await connection.change('DELETE FROM tus_upload');
      await connection.change('DELETE FROM tus_final_partial');
      await connection.change('DELETE FROM tus_part');
      await connection.change('DELETE FROM tus_delivery');
    };
    return { connection, close };
  };
}
