import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { RecordingProxy, type Recorded } from '../../client/recording-proxy.js';
import { contentFile, sha256Of } from '../../support/content.js';
import { TusApp } from '../../support/tus-app.js';
import { Random } from '../random.js';

const CLIENT = fileURLToPath(new URL('./client.mjs', import.meta.url));
const RANGES = 4;
/** Bytes of a PATCH at most; the last is all in one. Each seed has one of them, those that follow each other all. */
const CHUNKS = [256 * 1024, 1024 * 1024, 2 ** 40];

export interface Comeback {
  readonly seed: number;
  /** Bytes of the file. */
  readonly size: number;
  readonly kills: number;
}

export interface Outcome {
  /** How often the client was killed before it had come to its end. */
  readonly killed: number;
  /** Bytes that were sent, besides those of the file. */
  readonly repeated: number;
  readonly problems: readonly string[];
}

/** Kills a client at random moments of one upload in four ranges, starts it again, and looks at all that it has sent. */
export async function run({ seed, size, kills }: Comeback): Promise<Outcome> {
  const random = new Random(seed);
  const folder = await mkdtemp(join(tmpdir(), 'tus-comebacks-'));
  const app = await TusApp.start();
  const proxy = await new RecordingProxy(app.endpoint).start();
  const watch = new Watch(proxy, random);
  try {
    const path = join(folder, 'file.bin');
    const sha256 = await contentFile(path, size, seed);
    const task = {
      ...{ endpoint: proxy.endpoint, store: join(folder, 'urls'), path },
      options: { parallelUploads: RANGES, chunkSize: CHUNKS[seed % CHUNKS.length] },
    };
    let killed = 0;
    let url = '';
    while (url === '') {
      watch.plan(size, kills - killed);
      const ended = await attempt(task, watch);
      if (ended === null) killed++;
      else url = ended;
    }
    const stored = createReadStream(join(app.directory, url.split('/').at(-1) ?? ''));
    const problems = [...watch.problems];
    if (killed !== kills) problems.push(`the client was killed ${killed} times`);
    if ((await sha256Of(stored)) !== sha256) problems.push('the bytes are wrong');
    if (watch.withBytes.size !== RANGES) problems.push(`${watch.withBytes.size} uploads got bytes`);
    if ((await readdir(task.store)).length > 0) problems.push('the upload is still remembered');
    const repeated = watch.received - size;
    const underWay = watch.underWay();
    if (repeated > underWay)
      problems.push(`${repeated} bytes sent again, of ${underWay} that were under way`);
    return { killed, repeated, problems };
  } finally {
    await proxy.stop();
    await app.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs the client until it ends, with its URL, or is killed: null. */
async function attempt(task: object, watch: Watch): Promise<string | null> {
  const child = spawn(process.execPath, [CLIENT], {
    env: { PATH: process.env.PATH, TUS_CLIENT: JSON.stringify(task) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = text(child.stdout);
  const exited = once(child, 'exit');
  void watch.reached.then(() => child.kill('SIGKILL'));
  const [code, signal] = (await exited) as [number | null, string | null];
  if (signal === 'SIGKILL') return null;
  if (code !== 0) throw new Error(`the client ended with ${code}`);
  return output;
}

/** Says when the moment of a kill has come, and whether bytes are sent again that the server had acknowledged. */
class Watch {
  reached: Promise<void> = new Promise(() => undefined);
  received = 0;
  readonly problems: string[] = [];
  /** Paths of uploads that got bytes. */
  readonly withBytes = new Set<string>();
  private moment: { bytes: number; requests: number } = { bytes: Infinity, requests: Infinity };
  private strike: () => void = () => undefined;

  constructor(
    private readonly proxy: RecordingProxy,
    private readonly random: Random,
  ) {
    proxy.onBytes = (bytes, recorded) => this.see(bytes, recorded);
  }

  /**
   * Picks the next moment, before the last byte or with the first request after it: of so many more, it takes its share
   * of the bytes that are to come, or it is one of the first requests. With 0 there is none.
   */
  plan(size: number, kills: number): void {
    const left = Math.max(0, size - this.received);
    const early = this.random.chance(0.25);
    const share = early ? left : this.random.next() * Math.min(left, (1.5 * left) / kills);
    this.moment =
      kills === 0
        ? { bytes: Infinity, requests: Infinity }
        : {
            bytes: this.received + share,
            requests: early ? this.proxy.requests.length + 1 + this.random.below(2 * RANGES) : Infinity,
          };
    this.reached = new Promise((resolve) => {
      this.strike = resolve;
    });
  }

  /** Bytes of requests that were not answered: no more than these may have to be sent again. */
  underWay(): number {
    return this.proxy.requests
      .filter(({ method, status }) => method === 'PATCH' && status !== 204)
      .reduce((sum, { received }) => sum + received, 0);
  }

  private see(bytes: number, recorded: Recorded): void {
    this.received += bytes;
    if (bytes > 0) this.withBytes.add(recorded.path);
    else if (recorded.method === 'PATCH') this.judge(recorded);
    if (this.received >= this.moment.bytes || this.proxy.requests.length >= this.moment.requests)
      this.strike();
  }

  private judge({ path, headers }: Recorded): void {
    const from = Number(headers.find(([name]) => name.toLowerCase() === 'upload-offset')?.[1]);
    const told = this.proxy.requests
      .filter((request) => request.path === path && (request.status === 204 || request.status === 200))
      .map(({ answer }) => Number(answer['upload-offset'] ?? 0));
    const acknowledged = Math.max(0, ...told);
    // What is no number is wrong as well.
    if (!(from >= acknowledged)) {
      this.problems.push(
        `${path} is sent from ${from}, although the server had acknowledged ${acknowledged}`,
      );
    }
  }
}
