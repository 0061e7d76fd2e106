import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import { speaksTus } from '../protocol/tus/speaks-tus.js';
import { admit, answerPreflight, headerReader, markBelow } from './admit.js';
import type { Arrival } from './admit.js';
import { matchEndpoint } from './endpoint.js';
import type { Endpoint, Match } from './endpoint.js';

const logger = new Logger('TusModule');

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

interface Found {
  readonly match: Match;
  readonly endpoint: Endpoint;
}

const gates = new WeakMap<Server, ServerGate>();

/**
 * Stands before everything that listens on an HTTP server, so that it works the same on every platform and comes
 * before guards and body parsers. One per server, for all endpoints of all modules.
 */
export class ServerGate {
  private readonly endpoints: Endpoint[] = [];
  private readonly waiting = new WeakSet<IncomingMessage>();
  private readonly servers = new WeakSet<Server>();

  static of(server: Server): ServerGate {
    const known = gates.get(server);
    if (known) return known;
    const gate = new ServerGate();
    gate.attach(server);
    gates.set(server, gate);
    return gate;
  }

  get registered(): readonly Endpoint[] {
    return this.endpoints;
  }

  add(endpoint: Endpoint): void {
    this.endpoints.push(endpoint);
  }

  /** Also guards another server of the same application, as Fastify opens for each address of `localhost`. */
  attach(server: Server): void {
    if (this.servers.has(server)) return;
    this.servers.add(server);
    allowLongBodies(server);
    const behind = server.rawListeners('request') as Listener[];
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      // A preflight ends here, so the others must not see it: they would write to an answer that is out.
      if (this.answers(request, response)) return;
      for (const listener of behind) listener.call(server, request, response);
    });
    // An application that handles one of these already knows what it wants.
    if (server.listenerCount('checkContinue') === 0) this.holdBackContinue(server);
    if (server.listenerCount('checkExpectation') === 0) this.refuseExpectations(server);
  }

  /** Prepares a request if it is for one of the endpoints, once, whoever calls first. */
  admit(request: IncomingMessage, response: ServerResponse): Arrival | undefined {
    const found = this.find(request);
    if (!found) return undefined;
    if (found.match.target === 'below') {
      markBelow(response);
      return undefined;
    }
    const arrival = { request, response, ...found };
    admit(arrival, this.waiting.has(request));
    return arrival;
  }

  /** Whether the request is answered here; what goes wrong here must not end the process. */
  private answers(request: IncomingMessage, response: ServerResponse): boolean {
    try {
      const arrival = this.admit(request, response);
      return arrival !== undefined && answerPreflight(arrival);
    } catch (error) {
      logger.error(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
      return true;
    }
  }

  private holdBackContinue(server: Server): void {
    server.on('checkContinue', (request, response) => {
      const target = this.find(request)?.match.target;
      const ours = target !== undefined && target !== 'below' && speaksTus(headerReader(request));
      if (ours) this.waiting.add(request);
      else response.writeContinue();
      server.emit('request', request, response);
    });
  }

  /** What Node answers by itself, with the headers that every answer of the endpoint has (CORE-02). */
  private refuseExpectations(server: Server): void {
    server.on('checkExpectation', (request, response) => {
      if (this.answers(request, response)) return;
      // Its client may send the body that it has announced, or not: what comes next could be either.
      if (request.httpVersionMajor === 1) response.setHeader('Connection', 'close');
      response.writeHead(417).end();
    });
  }

  private find(request: IncomingMessage): Found | undefined {
    let best: Found | undefined;
    for (const endpoint of this.endpoints) {
      const match = matchEndpoint(endpoint, request.url ?? '/');
      if (match && match.base.length > (best?.match.base.length ?? 0)) best = { match, endpoint };
    }
    return best;
  }
}

/** What Node sets where nobody has said otherwise: milliseconds for a request with all of its body. */
const NODE_REQUEST_TIMEOUT = 300_000;

/** Node would cut a body that takes longer than this, however steadily it comes; idle ones have their own limit (CORE-21). */
function allowLongBodies(server: Server): void {
  // The server of HTTP/2 has none.
  if (server.requestTimeout === NODE_REQUEST_TIMEOUT) server.requestTimeout = 0;
  else if (server.requestTimeout > 0) {
    logger.warn(
      `The HTTP server ends every upload after ${server.requestTimeout} ms; set its requestTimeout to 0, bodyIdleTimeout ends idle ones.`,
    );
  }
}
