import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `nobody`, everywhere: database servers refuse to run as root. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const as = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

/** A server that a test has started, with its data in a folder of its own. */
export interface RunningServer {
  readonly port: number;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

export interface ServerPlan {
  readonly name: string;
  /** Makes the data; commands that run one after the other. */
  readonly prepare: (folder: string) => readonly (readonly string[])[];
  readonly command: (folder: string, port: number) => readonly string[];
  /** What the server writes once it can be connected to. */
  readonly ready: RegExp;
  /** Ends it without waiting for clients. */
  readonly signal: NodeJS.Signals;
}

/** Starts a server on a free loopback port, as an unprivileged user. */
export async function startServer(plan: ServerPlan): Promise<RunningServer> {
  const folder = await mkdtemp(join(tmpdir(), `nestjs-tus-${plan.name}-`));
  try {
    if (isRoot) await chown(folder, NOBODY, NOBODY);
    for (const command of plan.prepare(folder)) runCommand(command, folder);
    const port = await freePort();
    const server = await started(plan, folder, port);
    return {
      port,
      stop: async () => {
        await ended(server, plan.signal);
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function runCommand([command = '', ...args]: readonly string[], cwd: string): void {
  const { status, stderr, error } = spawnSync(command, args, { ...as, cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? stderr}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function started(plan: ServerPlan, folder: string, port: number): Promise<ChildProcess> {
  const [command = '', ...args] = plan.command(folder, port);
  const server = spawn(command, args, { ...as, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  // Also where the test runner ends this process without running the hooks of the tests.
  const kill = () => server.kill('SIGKILL');
  process.once('exit', kill);
  server.once('exit', () => process.off('exit', kill));
  let written = '';
  await new Promise<void>((resolve, reject) => {
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      written = (written + text).slice(-10_000);
      if (plan.ready.test(written)) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`${plan.name} did not start: ${written}`)));
  });
  return server;
}

async function ended(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exit = once(server, 'exit');
  server.kill(signal);
  await exit;
}
