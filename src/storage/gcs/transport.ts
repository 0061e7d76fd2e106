import type { Storage } from '@google-cloud/storage';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { exchange, textOf } from './exchange.js';

export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** From the root of the store, with the query. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Readable;
  readonly download?: boolean;
  readonly signal: AbortSignal;
}

/** What the store has answered, if it was not 2xx. The names are those of the client library's errors. */
export class Refusal extends Error {
  constructor(readonly response: { readonly status: number; readonly data: unknown }) {
    super(messageOf(response.data));
  }
}

/** Sends requests as the client that the application has: to its endpoint, with its credentials, through its proxy. */
export class Transport {
  constructor(private readonly client: Storage) {}

  /** Resolves with an answer of 2xx, its body unread. Rejects with a `Refusal`, or an error of the client or the network. */
  async send(request: TransportRequest): Promise<IncomingMessage> {
    const { customEndpoint, useAuthWithCustomEndpoint } = this.client;
    const anonymous = customEndpoint && useAuthWithCustomEndpoint !== true;
    const answer = await (anonymous ? this.sendPlain(request) : this.sendAuthorized(request));
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    throw new Refusal({ status, data: parsed(await textOf(answer)) });
  }

  private sendPlain(request: TransportRequest): Promise<IncomingMessage> {
    return exchange({ ...request, url: this.client.apiEndpoint + request.path });
  }

  /** The library adds the credentials, and the agent of a proxy that the environment names. */
  private async sendAuthorized({
    method,
    path,
    headers,
    body,
    download = false,
    signal,
  }: TransportRequest): Promise<IncomingMessage> {
    const identity = await this.client.authClient.getClient();
    const { data } = await identity.request<IncomingMessage>({
      method,
      url: this.client.apiEndpoint + path,
      headers: { ...headers },
      data: body,
      retry: false,
      adapter: async (options) => {
        const { url = '', agent } = options;
        const answer = await exchange({
          url,
          method,
          headers: options.headers ?? {},
          body: options.body,
          agent,
          download,
          signal,
        });
        // With the status the library knows when it needs new credentials.
        const refused = answer.statusCode === 401 || answer.statusCode === 403;
        return {
          config: options,
          data: (refused ? parsed(await textOf(answer)) : answer) as never,
          status: refused ? (answer.statusCode ?? 0) : 200,
          statusText: '',
          headers: {},
          request: { responseURL: String(url) },
        };
      },
    });
    return data;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function messageOf(data: unknown): string {
  if (typeof data === 'string') return data.slice(0, 1000);
  const { error } = (data ?? {}) as { readonly error?: { readonly message?: unknown } };
  return String(error?.message ?? 'no message');
}
