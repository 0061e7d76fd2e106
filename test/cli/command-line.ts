import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { PassThrough } from 'node:stream';
import { ClientFolder } from '../client/client-folder.js';

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;
  /** Resolves with the next line of standard output. */
  line(): Promise<string>;
}

/** The program, run in processes of its own, in a folder of its own. */
export class CommandLine {
  private readonly running = new Set<ChildProcess>();

  private constructor(private readonly home: ClientFolder) {}

  static async make(): Promise<CommandLine> {
    return new CommandLine(await ClientFolder.make());
  }

  get folder(): string {
    return this.home.path;
  }

  at(name: string): string {
    return this.home.at(name);
  }

  async file(size: number, name?: string, seed?: number): Promise<Buffer> {
    return (await this.home.file(size, name, seed)).bytes;
  }

  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Started {
    const { TUS_TOKEN: _, TUS_AUTHORIZATION: __, ...inherited } = process.env;
    const child = spawn(process.execPath, [resolve('dist/cli/main.js'), ...args], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...inherited, XDG_STATE_HOME: this.at('state'), ...env },
    });
    this.running.add(child);
    child.once('close', () => this.running.delete(child));
    const [forLines, forText] = [new PassThrough(), new PassThrough()];
    child.stdout.pipe(forLines);
    child.stdout.pipe(forText);
    const lines = createInterface({ input: forLines })[Symbol.asyncIterator]();
    const ended = Promise.all([once(child, 'close'), text(forText), text(child.stderr)]).then(
      ([[code], out, err]) => ({ code: code as number | null, out, err }),
    );
    return {
      child,
      ended,
      line: async () => {
        const { value, done } = await lines.next();
        if (done) throw new Error(`the command ended: ${(await ended).err}`);
        return value;
      },
    };
  }

  run(...args: string[]): Promise<Outcome> {
    return this.start(args).ended;
  }

  async remove(): Promise<void> {
    for (const child of this.running) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    await this.home.remove();
  }
}
