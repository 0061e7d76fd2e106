import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { isHost, readForwarded } from './forwarded.js';
import type { Forwarded } from './forwarded.js';
import { headerReader } from './admit.js';
import { pathOf, publicPath } from './location.js';
import type { LocationSettings, PublicPlace } from './location.js';

/** Where the client of a request sees the endpoint (CRE-01, traps 15, 16). */
export function publicPlace(raw: IncomingMessage, url: string, settings?: LocationSettings): PublicPlace {
  if (settings?.publicUrl !== undefined) {
    const { publicUrl } = settings;
    return { origin: new URL(publicUrl).origin, path: publicPath(pathOf(publicUrl)) };
  }
  const header = headerReader(raw);
  const forwarded: Forwarded = settings?.trustProxy ? readForwarded(header) : { malformed: false };
  const { scheme, host, prefix = '', malformed } = forwarded;
  const absolute = settings?.relative === false || scheme !== undefined || host !== undefined;
  const authority = host ?? hostOf(raw);
  const path = `${prefix}${publicPath(url)}`;
  // Half of what is garbage may be, too: a path is right wherever the client is.
  if (!absolute || malformed || !isHost(authority)) return { origin: '', path };
  return { origin: `${scheme ?? schemeOf(raw)}://${authority}`, path };
}

/** HTTP/2 has it in a field of its own. */
function hostOf({ headers }: IncomingMessage): string | undefined {
  const authority = headers[':authority'];
  return typeof authority === 'string' ? authority : headers.host;
}

function schemeOf({ socket }: IncomingMessage): 'http' | 'https' {
  // The requests of Fastify's `inject()` have no connection.
  return (socket as Partial<TLSSocket> | undefined)?.encrypted === true ? 'https' : 'http';
}
