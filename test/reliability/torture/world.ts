import { MortalServer } from '../../support/mortal-server.js';
import { lapse } from '../../support/rows.js';
import { call, tus } from '../../support/raw-http.js';
import type { Answer, Call } from '../../support/raw-http.js';
import type { ServerProcess } from '../../support/server-process.js';
import type { Suffering } from './plan.js';

/** A client leaves it at that until the next process of the server. */
export class GivenUp extends Error {}

const UNHANDLED = /unhandled|uncaught|(Type|Reference|Range|Syntax)Error/i;

/** The server of a run, process after process, and what all clients have seen of it. */
export class World {
  readonly problems: string[] = [];
  /** Whether nothing goes wrong any more. */
  calm = false;
  private readonly told = new Map<string, number>();
  private suffering: Suffering | undefined;
  private sent = 0;
  private second: ServerProcess | undefined;
  private taking: Promise<void> | undefined;
  private moved = switchboard();

  private constructor(
    readonly server: MortalServer,
    private readonly tusOptions: Readonly<Record<string, unknown>>,
  ) {}

  /** No process runs yet. */
  static async make(tusOptions: Readonly<Record<string, unknown>>): Promise<World> {
    return new World(await MortalServer.make(), tusOptions);
  }

  get endpoint(): string {
    return (this.second ?? this.server.process).endpoint;
  }

  /** The next process; the one before is killed if it still runs. */
  async next(suffering?: Suffering): Promise<void> {
    await this.end();
    this.sent = 0;
    this.calm = suffering === undefined;
    this.suffering = suffering;
    await this.server.restart({
      tus: this.tusOptions,
      ...(suffering?.kind === 'fault' && { fault: suffering.fault }),
    });
  }

  /** Kills what runs, and looks at what it has left on its standard error. */
  async end(): Promise<void> {
    await this.taking;
    this.taking = undefined;
    for (const process of [this.server.running, this.second]) {
      if (!process) continue;
      process.continue();
      await process.kill();
      const signal = await process.ended;
      const text = process.stderr.join('');
      if (signal !== 'SIGKILL') this.problems.push(`the server ended by itself: ${text}`);
      else if (UNHANDLED.test(text)) this.problems.push(`the server said: ${text}`);
    }
    this.second = undefined;
  }

  /** One request. Undefined if its answer is lost. @throws GivenUp once the process is gone, or does not go on. */
  async request(input: Omit<Call, 'url'> & { readonly id?: string }): Promise<Answer | undefined> {
    const url = input.id === undefined ? this.endpoint : `${this.endpoint}/${input.id}`;
    this.passes(Buffer.byteLength(input.body ?? ''));
    const headers = tus(input.headers);
    const answer = await this.answered(call({ ...input, headers, url }).catch(lostOrGone));
    if (!answer || ![423, 500, 503, 507].includes(answer.status)) return answer;
    return this.refused(input, answer);
  }

  /** Waits for an answer, but not for one of a process that was stopped meanwhile. */
  async answered<T>(work: Promise<T>): Promise<T | undefined> {
    return Promise.race([work, this.moved.changed]);
  }

  /** Clients say what they send: by that the moment of a kill or a pause is chosen. */
  passes(bytes: number): void {
    this.sent += bytes;
    const { suffering } = this;
    if (!suffering || suffering.kind === 'fault' || this.sent < suffering.afterBytes) return;
    this.suffering = undefined;
    if (suffering.kind === 'kill') void this.server.process.kill();
    else
      this.taking = this.takeOver().catch((error: unknown) => {
        this.problems.push(`the second process did not take over: ${String(error)}`);
      });
  }

  /** Notes an offset that was told; `floor` is what had been told before the question was sent. */
  tell(id: string, offset: number, floor: number): void {
    if (offset < floor) this.problems.push(`upload ${id} went back from ${floor} to ${offset}`);
    this.told.set(id, Math.max(offset, this.floor(id)));
  }

  floor(id: string): number {
    return this.told.get(id) ?? 0;
  }

  unexpected(what: string, answer: Answer): void {
    this.problems.push(`${what} was answered ${answer.status}: ${answer.body.toString()}`);
  }

  /** Of two requests at once the older one is told 423 (CORE-19): while nothing goes wrong it is worth another try. */
  private refused(input: Omit<Call, 'url'>, answer: Answer): undefined {
    if (this.calm && answer.status === 423) return undefined;
    if (this.calm) this.unexpected(input.method, answer);
    throw new GivenUp(`${input.method} was answered ${answer.status}`);
  }

  /** False if it was amid a transaction: standing still it would let nobody write, so it goes on. */
  private async stopped(process: ServerProcess): Promise<boolean> {
    process.pause();
    try {
      await lapse(this.server.directory);
      return true;
    } catch (error) {
      process.continue();
      if (!String(error).includes('SQLITE_BUSY')) throw error;
      await call({ method: 'OPTIONS', url: process.endpoint }).catch(() => undefined);
      return false;
    }
  }

  /** The first process stands still beyond its leases, a second one serves, and then the first goes on with what it was at. */
  private async takeOver(): Promise<void> {
    const first = this.server.process;
    const second = await this.server.another({ tus: this.tusOptions });
    while (!(await this.stopped(first)));
    this.second = second;
    const { change } = this.moved;
    this.moved = switchboard();
    change();
    // What arrived at the first while it stood comes before these.
    for (let round = 0; round < 20; round++) {
      if (round === 5) first.continue();
      await call({ method: 'OPTIONS', url: round < 5 ? second.endpoint : first.endpoint }).catch(
        () => undefined,
      );
    }
  }
}

function lostOrGone(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ECONNREFUSED') throw new GivenUp('the server is gone');
  return undefined;
}

function switchboard(): { readonly changed: Promise<undefined>; readonly change: () => void } {
  let change = (): void => undefined;
  const changed = new Promise<undefined>((resolve) => (change = () => resolve(undefined)));
  return { changed, change };
}
