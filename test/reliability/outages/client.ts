import { call, idOf, tus } from '../../support/raw-http.js';
import type { Answer, Call } from '../../support/raw-http.js';

/** So many requests are refused at most, or lost, until the store recovers; and as many may follow. */
const PATIENCE = 60;
/** What a client tries again. */
const FOR_NOW = [423, 503];

export interface ClientDeps {
  /** Of the server as it is now. */
  readonly endpoint: string;
  /** Resolves when there is a server to ask. Default: there always is. */
  readonly ready?: () => Promise<void>;
  /** Makes the store answer as it should again. */
  readonly recover: () => void;
  /** A sentence for each thing that is wrong. */
  readonly problems: string[];
}

/** What the clients of a run have in common. */
export class Client {
  private failed = 0;

  constructor(private readonly deps: ClientDeps) {}

  get endpoint(): string {
    return this.deps.endpoint;
  }

  /** Undefined if it is worth another try. @throws Error for an answer that nothing here justifies */
  async ask(
    input: Omit<Call, 'url'> & { readonly id?: string },
    expected: readonly number[],
  ): Promise<Answer | undefined> {
    await this.deps.ready?.();
    const { method, headers, id } = input;
    const url = id === undefined ? this.endpoint : `${this.endpoint}/${id}`;
    const answer = await call({ ...input, url, headers: tus(headers) }).catch(String);
    if (typeof answer === 'string') return this.fails(`${method} ${url}: ${answer}`);
    if (expected.includes(answer.status)) return answer;
    const words = `${method} ${url} was answered ${answer.status}: ${answer.body.toString()}`;
    if (FOR_NOW.includes(answer.status)) return this.fails(words);
    throw new Error(words);
  }

  /** Something has to be tried again. */
  fails(what: string): undefined {
    this.failed++;
    if (this.failed === PATIENCE) this.deps.recover();
    if (this.failed === 2 * PATIENCE) throw new Error(`What was begun comes to no end: ${what}`);
  }

  wrong(problem: string): void {
    this.deps.problems.push(problem);
  }
}

/** The id of the upload that an answer names. */
export function created(answer: Answer): string {
  return idOf(String(answer.headers.location));
}
