import type { HeaderReader } from '../protocol/tus/headers.js';

/** What a proxy says of the request that reached it. What is malformed is as if it were not said. */
export interface Forwarded {
  /** `http` or `https`. */
  readonly scheme?: string;
  /** A name or an address, with its port if that is not the usual one. */
  readonly host?: string;
  /** The path that the proxy took away in front; begins with a slash, and ends without. */
  readonly prefix?: string;
  /** Something was said of scheme or host that cannot be one. */
  readonly malformed: boolean;
}

/** A segment of a path without escapes: nothing in it can end a header, or name another host or folder. */
const PREFIX = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~!$&'()*+;=:@-]+)+$/;

/** A name, an IPv4 or a bracketed IPv6 address, and perhaps a port. */
const HOST = /^(?:[A-Za-z0-9_](?:[\w.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;
const LONGEST_HOST = 261;

/** Reads `X-Forwarded-Proto`, `-Host` and `-Prefix`, and `Forwarded` (RFC 7239) for what these leave out (trap 15). */
export function readForwarded(header: HeaderReader): Forwarded {
  const pairs = firstElement(header('Forwarded') ?? '');
  const said = {
    scheme: firstMember(header('X-Forwarded-Proto')) ?? pairs.get('proto'),
    host: firstMember(header('X-Forwarded-Host')) ?? pairs.get('host'),
    prefix: firstMember(header('X-Forwarded-Prefix'))?.replace(/\/$/, ''),
  };
  const scheme = said.scheme?.toLowerCase();
  const [goodScheme, goodHost] = [scheme === 'http' || scheme === 'https', isHost(said.host)];
  return {
    ...(scheme !== undefined && goodScheme && { scheme }),
    ...(said.host !== undefined && goodHost && { host: said.host }),
    ...(said.prefix !== undefined && PREFIX.test(said.prefix) && { prefix: said.prefix }),
    malformed: (scheme !== undefined && !goodScheme) || (said.host !== undefined && !goodHost),
  };
}

/** Whether a text can stand as the host of a URL. */
export function isHost(text: string | undefined): text is string {
  return (
    text !== undefined && text.length <= LONGEST_HOST && HOST.test(text) && URL.canParse(`http://${text}/`)
  );
}

/** Each proxy on the way adds to the list; the first member is of the one that the client spoke to. */
function firstMember(list: string | undefined): string | undefined {
  const first = list?.split(',', 1)[0]?.trim();
  return first === '' ? undefined : first;
}

function firstElement(forwarded: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const [, name = '', quoted, token, end] of forwarded.matchAll(
    /[ \t]*([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"[ \t]*|([^";,]*))([;,]|$)/gy,
  )) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? token?.trim() ?? '';
    if (value !== '') pairs.set(name.toLowerCase(), value);
    if (end !== ';') break;
  }
  return pairs;
}
