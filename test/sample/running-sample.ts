import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';

/** A sample in a process of its own, in a folder of its own. */
export class RunningSample {
  output = '';

  private constructor(
    readonly folder: string,
    private readonly server: ChildProcess,
  ) {
    server.stdout?.setEncoding('utf8').on('data', (piece: string) => (this.output += piece));
  }

  static async start(name: string, env: NodeJS.ProcessEnv = {}): Promise<RunningSample> {
    const folder = await mkdtemp(join(tmpdir(), `sample-${name}-`));
    const { npm_lifecycle_event: _, TUS_DIRECTORY: __, HOST: ___, ...inherited } = process.env;
    const args = ['--max-http-header-size=65536', 'scripts/sample.mjs', name];
    const server = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...inherited, NO_COLOR: '1', INIT_CWD: folder, PORT: '0', ...env },
    });
    const sample = new RunningSample(folder, server);
    await sample.printed(/^Try .*$/m);
    return sample;
  }

  /** Uploads a file of the folder, as the README says; resolves with its URL. */
  async upload(...args: string[]): Promise<string> {
    const [, endpoint = ''] = await this.printed(/^Uploads at {3}(\S+)$/m);
    const child = spawn(process.execPath, [resolve('scripts/upload.mjs'), ...args, endpoint], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, INIT_CWD: this.folder, XDG_STATE_HOME: join(this.folder, 'state') },
    });
    return (await text(child.stdout)).trim();
  }

  /** Resolves when the sample has printed it; rejects when it ends before. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    const { server } = this;
    for (;;) {
      const found = pattern.exec(this.output);
      if (found) return found;
      if (server.exitCode !== null)
        throw new Error(`The sample ended with ${server.exitCode}:\n${this.output}`);
      if (server.stdout) await Promise.race([once(server.stdout, 'data'), once(server, 'exit')]);
    }
  }

  /** Asks it to end, and resolves with its exit code and the signal that ended it. */
  async stop(): Promise<unknown[]> {
    const exited = once(this.server, 'exit');
    this.server.kill('SIGTERM');
    return exited;
  }

  async remove(): Promise<void> {
    this.server.kill('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }
}
