import type { IncomingMessage } from 'node:http';
import { TusConnectionError } from '../errors/connection.error.js';
import { TusResponseError } from '../errors/response.error.js';
import { answerOf, isSuccess, type Answer } from './answer.js';
import { openExchange, type Exchange } from './open-exchange.js';
import { delayBefore, mayPass, waitBefore } from './retry-policy.js';

export interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

export interface RequesterOptions {
  /** The header fields of the application, asked for before each request. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /** Milliseconds before each try after a failure. */
  readonly retryDelays: readonly number[];
  readonly idleTimeout: number;
}

/** Sends the requests that have no body, those that tus-js-client does not make. */
export class Requester {
  constructor(private readonly options: RequesterOptions) {}

  /**
   * Tries until the server answers with success.
   * @throws TusResponseError, TusConnectionError after the last try, or the reason of the signal.
   */
  async send(call: Call): Promise<Answer> {
    return this.retry(call.signal, () => this.once(call));
  }

  /** One try. */
  async once(call: Call): Promise<Answer> {
    const answer = await this.read(await this.open(call), call);
    if (!isSuccess(answer)) throw new TusResponseError(call.method, call.url, answer);
    return answer;
  }

  /** One try; resolves with the head of the answer, whose body the caller reads. */
  async open({ method, url, headers, signal }: Call): Promise<IncomingMessage> {
    const exchange: Exchange = {
      method,
      url,
      headers: { 'Tus-Resumable': '1.0.0', ...(await this.options.headers()), ...headers },
      signal,
      idleTimeout: this.options.idleTimeout,
    };
    return openExchange(exchange);
  }

  /** Reads an answer to its end. */
  async read(response: IncomingMessage, { url, signal }: Call): Promise<Answer> {
    try {
      return await answerOf(response);
    } catch (error) {
      throw signal?.aborted ? signal.reason : new TusConnectionError(url, error);
    }
  }

  /** Does it again, after the delays, while what goes wrong may pass; a try that `wentOn` begins the delays anew. */
  async retry<T>(
    signal: AbortSignal | undefined,
    attempt: (number: number) => Promise<T>,
    wentOn: () => boolean = () => false,
  ): Promise<T> {
    for (let number = 0; ; number++) {
      try {
        return await attempt(number);
      } catch (error) {
        if (wentOn()) number = 0;
        const delay = this.options.retryDelays[number];
        if (delay === undefined || !mayPass(error) || signal?.aborted) throw error;
        await waitBefore(delayBefore(delay, error), signal);
      }
    }
  }
}
