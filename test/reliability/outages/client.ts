import { call, tus } from '../../support/raw-http.js';
import type { Answer, Call } from '../../support/raw-http.js';

/** So many requests are refused at most, or lost, until the store recovers; and as many may follow. */
const PATIENCE = 60;
/** What a client tries again. */
const FOR_NOW = [423, 503];

export interface ClientDeps {
  readonly endpoint: string;
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
    input: Omit<Call, 'url'> & { readonly url?: string },
    expected: readonly number[],
  ): Promise<Answer | undefined> {
    const { method, headers, url = this.endpoint } = input;
    const answer = await call({ ...input, url, headers: tus(headers) }).catch(() => undefined);
    if (!answer || FOR_NOW.includes(answer.status)) return this.fails();
    if (expected.includes(answer.status)) return answer;
    throw new Error(`${method} of ${url} was answered ${answer.status}: ${answer.body.toString()}`);
  }

  fails(): undefined {
    this.failed++;
    if (this.failed === PATIENCE) this.deps.recover();
    if (this.failed === 2 * PATIENCE) throw new Error('What was begun comes to no end.');
  }

  wrong(problem: string): void {
    this.deps.problems.push(problem);
  }
}

export function idOf(url: string): string {
  return url.split('/').at(-1) ?? '';
}
