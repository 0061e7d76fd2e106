import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lapse } from './rows.js';
import { ServerProcess } from './server-process.js';
import type { ServerOptions } from './server-process.js';

type Options = Omit<ServerOptions, 'directory' | 'completed'>;

/** A server program over a folder that outlives it, with a journal of the uploads that it has announced. */
export class MortalServer {
  private current: ServerProcess | undefined;

  private constructor(readonly directory: string) {}

  static async start(options: Options = {}): Promise<MortalServer> {
    const server = await MortalServer.make();
    await server.restart(options);
    return server;
  }

  /** The folder alone; `restart` begins the first process. */
  static async make(): Promise<MortalServer> {
    const directory = await mkdtemp(join(tmpdir(), 'nestjs-tus-mortal-'));
    await mkdir(join(directory, '.tus'));
    await writeFile(journalOf(directory), '');
    return new MortalServer(directory);
  }

  /** The id of each upload that was announced, a line each. */
  get journal(): string {
    return journalOf(this.directory);
  }

  get running(): ServerProcess | undefined {
    return this.current;
  }

  get process(): ServerProcess {
    if (!this.current) throw new Error('No process was started yet.');
    return this.current;
  }

  get endpoint(): string {
    return this.process.endpoint;
  }

  /** Where an upload of an earlier process is now. */
  here(url: string): string {
    return `${this.endpoint}/${url.split('/').at(-1) ?? ''}`;
  }

  /** Kills it, and starts the next one once the leases and claims of the dead one have run out. */
  async restart(options: Options = {}): Promise<void> {
    if (this.current) {
      await this.current.kill();
      await lapse(this.directory);
    }
    this.current = await serve(this.directory, options);
  }

  /** One more process on the same folder and database. */
  another(options: Options = {}): Promise<ServerProcess> {
    return serve(this.directory, options);
  }

  async remove(): Promise<void> {
    await this.current?.kill();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Beside the folder of the storage's own: what stands there is no object. */
function journalOf(directory: string): string {
  return join(directory, '.tus', 'completed.txt');
}

function serve(directory: string, options: Options): Promise<ServerProcess> {
  return ServerProcess.start({ ...options, directory, completed: journalOf(directory) });
}
