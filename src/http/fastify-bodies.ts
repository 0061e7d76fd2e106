import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { ServerGate } from './server-gate.js';
import { showContentType } from './visit.js';

/** A type that no client sends. Fastify finds its parser by it, which leaves the stream alone and knows no limit. */
export const FASTIFY_CONTENT_TYPE = 'application/vnd.nestjs-tus.unread';

/** The part of a Fastify instance that is used here. */
export interface FastifyInstance {
  hasContentTypeParser(type: string): boolean;
  addContentTypeParser(
    type: string,
    parser: (request: { raw: IncomingMessage }, payload: unknown, done: (error: null) => void) => void,
  ): unknown;
  addHook(
    name: 'onRequest',
    hook: (request: { raw: IncomingMessage }, reply: { raw: ServerResponse }, done: () => void) => void,
  ): unknown;
  addHook(name: 'onListen', hook: (done: () => void) => void): unknown;
}

/**
 * Teaches Fastify to leave the bodies of uploads unread, whatever their type and length: without it, it parses them,
 * or answers 415 or 413 before any handler runs (trap 7).
 */
export function leaveBodiesUnread(fastify: FastifyInstance, gate: ServerGate): void {
  if (fastify.hasContentTypeParser(FASTIFY_CONTENT_TYPE)) return;
  fastify.addContentTypeParser(FASTIFY_CONTENT_TYPE, (request, _payload, done) => {
    showContentType(request.raw);
    done(null);
  });
  // What did not come through the server: `inject()`, and an address that was not guarded yet.
  fastify.addHook('onRequest', (request, reply, done) => {
    gate.admit(request.raw, reply.raw);
    done();
  });
  fastify.addHook('onListen', (done) => {
    for (const server of otherServers(fastify)) gate.attach(server);
    done();
  });
}

/** Fastify opens a second server where `localhost` has two addresses, and has no other way to tell of it. */
function otherServers(fastify: object): Server[] {
  const bindings = Object.getOwnPropertySymbols(fastify).find(
    ({ description }) => description === 'fastify.server.bindings',
  );
  const servers: unknown = bindings && Reflect.get(fastify, bindings);
  return Array.isArray(servers) ? (servers as Server[]) : [];
}
