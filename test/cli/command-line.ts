import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { PassThrough, type Readable } from 'node:stream';
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
  /** Resolves with the next line of standard error. */
  note(): Promise<string>;
}

/** What a process writes, line by line and as a whole. */
class Output {
  readonly lines: AsyncIterator<string, undefined>;
  readonly text: Promise<string>;

  constructor(stream: Readable) {
    const [forLines, forText] = [stream.pipe(new PassThrough()), stream.pipe(new PassThrough())];
    this.lines = createInterface({ input: forLines })[Symbol.asyncIterator]();
    this.text = text(forText);
  }
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
    const [out, err] = [new Output(child.stdout), new Output(child.stderr)];
    const ended = Promise.all([once(child, 'close'), out.text, err.text]).then(([[code], said, noted]) => ({
      code: code as number | null,
      out: said,
      err: noted,
    }));
    const next = async (output: Output): Promise<string> => {
      const { value, done } = await output.lines.next();
      if (done) throw new Error(`the command ended: ${(await ended).err}`);
      return value;
    };
    return { child, ended, line: () => next(out), note: () => next(err) };
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
