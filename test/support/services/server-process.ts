import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `nobody`, everywhere. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** A server that a test has started, with its data in a folder of its own. */
export interface RunningServer {
  readonly port: number;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

export interface ServerPlan {
  readonly name: string;
  /** Does not run as root, as database servers do not. Others may be built where only root may look. */
  readonly unprivileged?: true;
  readonly env?: Readonly<Record<string, string>>;
  /** Makes the data; commands that run one after the other. */
  readonly prepare?: (folder: string) => readonly (readonly string[])[];
  readonly command: (folder: string, port: number) => readonly string[];
  /** What the server writes once it can be connected to. */
  readonly ready: RegExp;
  /** Ends it without waiting for clients. */
  readonly signal: NodeJS.Signals;
}

/** Starts a server on a free loopback port. */
export async function startServer(plan: ServerPlan): Promise<RunningServer> {
  const folder = await mkdtemp(join(tmpdir(), `nestjs-tus-${plan.name}-`));
  try {
    if (isRoot && plan.unprivileged) await chown(folder, NOBODY, NOBODY);
    for (const command of plan.prepare?.(folder) ?? []) runCommand(command, user(plan), folder);
    const port = await freePort();
    const server = await started(plan, folder, port);
    await reachable(server, port);
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

interface User {
  readonly uid?: number;
  readonly gid?: number;
}

function user({ unprivileged }: ServerPlan): User {
  return isRoot && unprivileged ? { uid: NOBODY, gid: NOBODY } : {};
}

function runCommand([command = '', ...args]: readonly string[], as: User, cwd: string): void {
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
  const env = { ...process.env, ...plan.env };
  const server = spawn(command, args, { ...user(plan), env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  // Also where the test runner ends this process without running the hooks of the tests.
  const kill = () => server.kill('SIGKILL');
  process.once('exit', kill);
  server.once('exit', () => process.off('exit', kill));
  let written = '';
  await new Promise<void>((resolve, reject) => {
    const read = (text: string) => {
      written = (written + text).slice(-10_000);
      if (plan.ready.test(written)) resolve();
    };
    server.stdout.setEncoding('utf8').on('data', read);
    server.stderr.setEncoding('utf8').on('data', read);
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`${plan.name} did not start: ${written}`)));
  });
  return server;
}

/** Some say that they are ready just before they listen. */
async function reachable(server: ChildProcess, port: number): Promise<void> {
  while (server.exitCode === null && server.signalCode === null) {
    const socket = connect(port, '127.0.0.1');
    const connected = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (connected) return;
  }
  throw new Error('the server ended when it had just started');
}

async function ended(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exit = once(server, 'exit');
  server.kill(signal);
  await exit;
}
