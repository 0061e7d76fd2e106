import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Fault } from './faults/steps.mjs';
import type { StoreApi } from './stores/object-store.js';
import type { Platform } from './tus-app.js';

const SCRIPT = fileURLToPath(new URL('./server.mjs', import.meta.url));

export interface ServerOptions {
  readonly directory: string;
  /** Options of the module that JSON can carry. */
  readonly tus?: Readonly<Record<string, unknown>>;
  /** A storage in a store, with options that JSON can carry: then the rows alone are in the folder. */
  readonly store?: { readonly api: StoreApi; readonly options: Readonly<Record<string, unknown>> };
  /** A file that gets the id of each delivered upload. */
  readonly completed?: string;
  /**
   * `hangs`: the hook never returns, so nothing is ever delivered. `finishes`: there is an `OnUploadFinish`, too, which
   * writes `finish` and the id; `finish-hangs`: it never returns.
   */
  readonly hook?: 'hangs' | 'finishes' | 'finish-hangs';
  /** What goes wrong in the process, once it has opened its database. */
  readonly fault?: Fault;
  readonly nodeFlags?: readonly string[];
  /** Express unless it says otherwise. */
  readonly platform?: Platform;
  /** Another program than the usual one. */
  readonly script?: string;
  /** At which moment of a delivery that program dies. */
  readonly kill?: object;
  /** Options of a `DataSource` for PostgreSQL that holds the rows, where that program is told. */
  readonly postgres?: object;
  /** The working folder of the process. */
  readonly cwd?: string;
}

/** A server in a process of its own, which a test may kill, stop and continue. */
export class ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly endpoint: string,
    readonly stderr: string[],
  ) {}

  static async start(options: ServerOptions): Promise<ServerProcess> {
    const child = spawn(process.execPath, [...(options.nodeFlags ?? []), options.script ?? SCRIPT], {
      ...(options.cwd && { cwd: options.cwd }),
      env: {
        PATH: process.env.PATH,
        TUS_DIRECTORY: options.directory,
        TUS_OPTIONS: JSON.stringify(options.tus ?? {}),
        ...(options.store && { TUS_STORE: JSON.stringify(options.store) }),
        ...(options.completed && { TUS_COMPLETED: options.completed }),
        ...(options.fault && { TUS_FAULT: JSON.stringify(options.fault) }),
        ...(options.platform && { TUS_PLATFORM: options.platform }),
        ...(options.hook && { TUS_HOOK: options.hook }),
        ...(options.kill && { TUS_KILL: JSON.stringify(options.kill) }),
        ...(options.postgres && { TUS_POSTGRES: JSON.stringify(options.postgres) }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stderr: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk.toString()));
    const lines = createInterface({ input: child.stdout });
    const failed = once(child, 'exit').then(([code]) => {
      throw new Error(`the server ended with ${String(code)}: ${stderr.join('')}`);
    });
    const [line] = (await Promise.race([once(lines, 'line'), failed])) as [string];
    failed.catch(() => undefined);
    const { port } = JSON.parse(line) as { port: number };
    return new ServerProcess(child, `http://127.0.0.1:${port}/files`, stderr);
  }

  /** Resolves when the process has ended, with the signal that ended it, if one did. */
  get ended(): Promise<NodeJS.Signals | null> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.signalCode);
    return once(child, 'exit').then(() => child.signalCode);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** How the process has ended: the signal, or the exit code; undefined while it runs. */
  get exit(): string | undefined {
    const { exitCode, signalCode } = this.child;
    return signalCode ?? (exitCode === null ? undefined : `exit code ${exitCode}`);
  }

  /** Ends the process as a crash would. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Ends the process as an operator would. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** Freezes the process: it neither runs nor notices. */
  pause(): void {
    this.child.kill('SIGSTOP');
  }

  continue(): void {
    this.child.kill('SIGCONT');
  }

  private async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
  }
}
