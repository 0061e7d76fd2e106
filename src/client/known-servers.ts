import { reasonOf } from './http/abort-reason.js';
import { LinkedAbort } from './http/linked-abort.js';
import type { Requester } from './http/requester.js';
import { knowsNoOptions, offerOf, type ServerInfo } from './server-info.js';

interface Question {
  readonly answer: Promise<ServerInfo>;
  readonly stop: AbortController;
  /** How many calls want the answer. */
  waiting: number;
}

/** Remembers what servers have answered, for as long as the client lives. */
export class KnownServers {
  private readonly asked = new Map<string, Question>();

  /**
   * Asks at the first call for an endpoint; a failure is not remembered, nor that OPTIONS was not there (CLI-07), which
   * a proxy may have said.
   * @throws the reason of the signal; the request ends when nobody waits for it any more.
   */
  async get(requester: Requester, endpoint: string, signal?: AbortSignal): Promise<ServerInfo> {
    signal?.throwIfAborted();
    const question = this.asked.get(endpoint) ?? this.ask(requester, endpoint);
    const link = new LinkedAbort(signal);
    question.waiting++;
    try {
      return await Promise.race([question.answer, reasonOf(link.signal)]);
    } catch (error) {
      return knowsNoOptions(error);
    } finally {
      link.release();
      question.waiting--;
      if (question.waiting === 0 && signal?.aborted) this.drop(endpoint, question);
    }
  }

  private ask(requester: Requester, endpoint: string): Question {
    const stop = new AbortController();
    const question = { answer: offerOf(requester, endpoint, stop.signal), stop, waiting: 0 };
    this.asked.set(endpoint, question);
    question.answer.catch(() => this.drop(endpoint, question));
    return question;
  }

  /** Whoever comes later asks anew. */
  private drop(endpoint: string, question: Question): void {
    if (this.asked.get(endpoint) === question) this.asked.delete(endpoint);
    question.stop.abort();
  }
}
