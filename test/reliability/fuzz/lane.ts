import { setImmediate as turn } from 'node:timers/promises';
import type { RawAnswer } from './answer.js';
import { valuesOf } from './answer.js';
import { ENDPOINT, planValid } from './grammar.js';
import type { Plan } from './grammar.js';
import { announce, learn } from './learn.js';
import { blank, Model } from './model.js';
import { mutate } from './mutations.js';
import { checkAnswer, must, OracleError } from './oracle.js';
import { Random } from '../random.js';
import { byLength, fieldOf, serialize, withoutBody } from './raw-request.js';
import type { RawRequest } from './raw-request.js';
import { Connection } from './wire.js';

/** Answers to a request that is not clean: its own, and one to what stands behind it. */
const MOST_ANSWERS = 2;

/** Sends one request after the other, to uploads of its own; so what it does follows from the seed. */
export class Lane {
  readonly model = new Model();
  /** How often each status was answered; 0 counts requests without an answer. */
  readonly statuses = new Map<number, number>();
  private connection: Connection | undefined;
  private witness: Connection | undefined;
  /** What goes over the wire for the request in hand, for whom it may concern. */
  private log: string[] = [];

  constructor(
    private readonly name: string,
    private readonly port: number,
    private readonly seed: number,
  ) {}

  /** @throws Error with the seed, the number, and all bytes of a request that was answered wrongly. */
  async send(number: number): Promise<void> {
    const before = this.log;
    this.log = [];
    try {
      await this.request(Random.of(this.seed, number));
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      const where = `request ${number} of seed ${this.seed}, on ${this.name}`;
      const replay = `npm run fuzz -- --seed ${this.seed} --only ${number}`;
      const lines = [
        `${what}: ${where}`,
        'Before it:',
        ...before,
        'Then:',
        ...this.log,
        `Replay it with: ${replay}`,
      ];
      throw new Error(lines.join('\n'), { cause: error });
    }
  }

  close(): void {
    this.connection?.cut();
    this.witness?.cut();
  }

  private async request(random: Random): Promise<void> {
    const plan = planValid(this.model, random);
    const mutations = random.chance(0.45) ? 1 + random.below(3) : 0;
    for (let done = 0; done < mutations; done++) mutate(plan.request, this.model, random);
    announce(this.model, plan);
    const way = random.weighted([
      [80, 'whole'],
      [8, 'pieces'],
      [6, 'pipelined'],
      [6, 'cut'],
    ] as const);
    if (way === 'cut') return this.cut(plan, mutations > 0, random);
    if (!plan.request.clean) return this.unclean(plan, random);
    if (way === 'pipelined') return this.pipelined([plan, planValid(this.model, random)], mutations > 0);
    const answer = await this.clean(plan.request, way === 'pieces' ? random : undefined);
    this.judge(plan, answer, mutations > 0);
  }

  private judge(plan: Plan, answer: RawAnswer, mutated: boolean): void {
    this.count(answer.status);
    checkAnswer(answer, plan, mutated);
    const announced = plan.request.frame === byLength || plan.request.frame === withoutBody;
    learn(this.model, plan, { answer, mutated, certain: plan.request.clean && announced });
  }

  /** A request whose end the server can tell: exactly one answer. */
  private async clean(request: RawRequest, pieces: Random | undefined): Promise<RawAnswer> {
    const connection = await this.open();
    const { head, body } = serialize(request);
    const asks = fieldOf(request, 'Expect') !== undefined && body.length > 0 && !pieces;
    await this.write(connection, asks ? head : Buffer.concat([head, body]), pieces);
    let answer = await this.read(connection, request.method);
    if (answer?.status === 100 && asks) await this.write(connection, body);
    while (answer?.status === 100) answer = await this.read(connection, request.method);
    if (!answer) throw new OracleError('The connection ends without an answer');
    await this.settle(connection, answer);
    return answer;
  }

  /** Two requests at once, answered in their order. */
  private async pipelined(plans: readonly [Plan, Plan], mutated: boolean): Promise<void> {
    const [first, second] = plans;
    if (!mayFollow(first, second))
      return this.judge(first, await this.clean(first.request, undefined), mutated);
    const connection = await this.open();
    const bytes = plans.flatMap(({ request }) => Object.values(serialize(request) as object) as Buffer[]);
    await this.write(connection, Buffer.concat(bytes));
    for (const plan of plans) {
      let answer = await this.read(connection, plan.request.method);
      while (answer?.status === 100) answer = await this.read(connection, plan.request.method);
      // Behind an answer that closes the connection nothing is answered any more.
      if (!answer) {
        must(plan !== first, 'The connection ends without an answer');
        this.count(0);
        learn(this.model, plan, { answer, mutated: false, certain: false });
        return;
      }
      const { expected: _, ...open } = plan;
      this.judge(open, answer, plan === first && mutated);
      if (plan === second) await this.settle(connection, answer);
    }
  }

  /** A request of which the server may want more than there is: the client ends the connection. */
  private async unclean(plan: Plan, random: Random): Promise<void> {
    const connection = await this.open();
    const { head, body } = serialize(plan.request);
    await this.write(connection, Buffer.concat([head, body]), random.chance(0.2) ? random : undefined);
    for (let round = 0; round < 3 && connection.idle; round++) await this.watch();
    connection.finish();
    const answers: RawAnswer[] = [];
    for (let answer; (answer = await this.read(connection, plan.request.method));) {
      if (answer.status === 100) continue;
      answers.push(answer);
      must(answers.length <= MOST_ANSWERS, 'There are more answers than requests');
    }
    const [first, second] = answers;
    if (second) must(second.status >= 400 && second.status < 500, 'What is no request succeeds');
    if (first) this.judge(plan, first, true);
    else {
      this.count(0);
      learn(this.model, plan, { answer: undefined, mutated: true, certain: false });
    }
  }

  /** Ends the connection somewhere in the request. */
  private async cut(plan: Plan, mutated: boolean, random: Random): Promise<void> {
    const connection = await this.open();
    const { head, body } = serialize(plan.request);
    const bytes = Buffer.concat([head, body]);
    const size = random.chance(0.3)
      ? random.below(bytes.length + 1)
      : head.length + random.below(body.length + 1);
    await this.write(connection, bytes.subarray(0, size));
    if (random.chance(0.5)) await this.watch();
    connection.cut();
    this.connection = undefined;
    this.count(0);
    learn(this.model, plan, { answer: undefined, mutated, certain: false });
  }

  /** Resolves when the server has answered somebody else, so it has seen what was sent before. */
  private async watch(): Promise<void> {
    if (!this.witness?.idle) this.witness = await Connection.open(this.port);
    const request = blank('HEAD', `${ENDPOINT}/nobody`, withoutBody);
    await this.witness.send(serialize(request).head);
    const answer = await this.witness.answer('HEAD');
    must(answer?.status === 404, `HEAD of what is not there answers ${answer?.status}`);
  }

  /** After its last answer a connection is closed, or nothing is on it. */
  private async settle(connection: Connection, answer: RawAnswer): Promise<void> {
    if (valuesOf(answer, 'Connection').join().toLowerCase() === 'close')
      must((await this.read(connection, 'GET')) === undefined, 'There are two answers');
    else
      must(connection.unread === '', `There is more than one answer: ${JSON.stringify(connection.unread)}`);
  }

  private async open(): Promise<Connection> {
    must(
      (this.connection?.unread ?? '') === '',
      `Nobody asked for ${JSON.stringify(this.connection?.unread)}`,
    );
    if (!this.connection?.idle) this.connection = await Connection.open(this.port);
    return this.connection;
  }

  private async write(connection: Connection, bytes: Buffer, pieces?: Random): Promise<void> {
    this.log.push(`> ${shown(bytes.toString('latin1'))}`);
    const size = pieces ? 1 + pieces.below(bytes.length) : Math.max(1, bytes.length);
    for (let at = 0; at < bytes.length; at += size) {
      await connection.send(bytes.subarray(at, at + size));
      if (pieces) await turn();
    }
  }

  private async read(connection: Connection, method: string): Promise<RawAnswer | undefined> {
    const answer = await connection.answer(method);
    this.log.push(`< ${answer ? shown(answer.text) : 'the end'}`);
    return answer;
  }

  private count(status: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }
}

/** Of two that change the same upload either may come first; and nothing may follow the end of a connection. */
function mayFollow(first: Plan, second: Plan): boolean {
  const last = ['Connection', 'Expect'].some((name) => fieldOf(first.request, name) !== undefined);
  const asks = fieldOf(second.request, 'Expect') !== undefined;
  return !last && !asks && first.upload !== second.upload && second.draft?.kind !== 'final';
}

/** Escaped, without the middle of what is very long: the seed has it. */
function shown(text: string): string {
  const most = 2_000;
  const parts = text.length > most ? [text.slice(0, most / 2), text.slice(-most / 2)] : [text];
  return parts.map((part) => JSON.stringify(part)).join(` and ${text.length - most} bytes and `);
}
