import type { IncomingMessage } from 'node:http';
import type { AbstractHttpAdapter, ApplicationConfig } from '@nestjs/core';
import { BodyConsumedError } from '../model/errors/body-consumed.error.js';

/**
 * Refuses to store a body that somebody else has read (trap 7): the offset would not move, and the client would send
 * the same bytes for ever.
 * @throws BodyConsumedError naming the remedy.
 */
export function checkBodyUnread(raw: IncomingMessage, parsedBody: unknown): void {
  if (raw.readableDidRead || raw.readableEnded || Buffer.isBuffer(parsedBody)) throw new BodyConsumedError();
}

interface ExpressRouting {
  readonly router?: { readonly caseSensitive?: boolean };
}

interface FastifyRouting {
  readonly initialConfig?: {
    readonly caseSensitive?: boolean;
    readonly routerOptions?: { readonly caseSensitive?: boolean };
  };
}

/** Whether the router of the platform tells `/Files` from `/files`: Express does not unless it is told to. */
export function isCaseSensitive(adapter: AbstractHttpAdapter): boolean {
  if (adapter.getType() === 'express') {
    return adapter.getInstance<ExpressRouting>().router?.caseSensitive === true;
  }
  const config = adapter.getInstance<FastifyRouting>().initialConfig;
  return (config?.routerOptions?.caseSensitive ?? config?.caseSensitive) !== false;
}

/** Whether the first route that fits gets a request, and not the one that says most of its path. */
export function takesFirstRoute(adapter: AbstractHttpAdapter, config: ApplicationConfig): boolean {
  // Nest 11 has no such strategy.
  const strategies: Partial<Pick<ApplicationConfig, 'getRouteResolutionStrategy'>> = config;
  return adapter.getType() === 'express' && strategies.getRouteResolutionStrategy?.() !== 'specificity';
}
