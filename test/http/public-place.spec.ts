import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { readForwarded } from '../../src/http/forwarded.js';
import { publicPlace } from '../../src/http/public-place.js';

function requestOf(headers: Record<string, string>, socket?: object): IncomingMessage {
  return { headers, socket } as unknown as IncomingMessage;
}

describe('where a client sees the endpoint', () => {
  const absolute = { trustProxy: false, relative: false };

  it('is https on a connection with TLS, and by :authority on HTTP/2 (CRE-01)', () => {
    const request = requestOf(
      { ':authority': 'up.example:8443', host: 'other.example' },
      { encrypted: true },
    );
    expect(publicPlace(request, '/files', absolute)).toEqual({
      origin: 'https://up.example:8443',
      path: '/files',
    });
  });

  it('is a path where there is no connection and no host', () => {
    expect(publicPlace(requestOf({}), '/files', absolute)).toEqual({ origin: '', path: '/files' });
    expect(publicPlace(requestOf({ host: 'a.example' }), '/')).toEqual({ origin: '', path: '' });
  });

  it('is read of Forwarded in the syntax of RFC 7239, and only of its first element', () => {
    const read = (value: string) => readForwarded((name) => (name === 'Forwarded' ? value : undefined));
    expect(read('For="[2001:db8::1]:4711" ; Proto=HTTPS;host="a.example"')).toEqual({
      scheme: 'https',
      host: 'a.example',
      malformed: false,
    });
    expect(read('for=a, proto=https;host=b.example')).toEqual({ malformed: false });
    expect(read('for="a,proto=https;host=b.example"')).toEqual({ malformed: false });
    expect(read('proto=gopher')).toEqual({ malformed: true });
  });

  it('is read in time, however long a header is', () => {
    for (const text of ['a=', '=', ';', '"', 'host="\\', ' '])
      expect(readForwarded(() => text.repeat(20_000))).toBeDefined();
    expect(readForwarded(() => `proto=${' '.repeat(300_000)}"`)).toBeDefined();
  });
});
