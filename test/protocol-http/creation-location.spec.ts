import { afterEach, describe, expect, it } from '@jest/globals';
import type { TusModuleOptions } from '../../src/index.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';
import type { Platform } from '../support/tus-app.js';
import { concatenate, content, idOf, made, post } from './support.js';

let app: TusApp | undefined;
afterEach(async () => {
  await app?.stop();
  app = undefined;
});

async function start(platform: Platform, tus: Partial<TusModuleOptions>, prefix?: string): Promise<TusApp> {
  const configure =
    prefix === undefined ? {} : { configure: (nest: TusApp['nest']) => void nest.setGlobalPrefix(prefix) };
  app = await TusApp.start({ platform, tus, ...configure });
  return app;
}

/** The Location of a creation, with the id that it ends with left out. */
async function placeOf(running: TusApp, headers: Record<string, string>): Promise<string> {
  const answer = await post(running, { 'upload-length': '1', ...headers });
  expect(answer.status).toBe(201);
  return String(answer.headers.location).replace(/[\w-]{22}$/, 'ID');
}

/** What a proxy says, and the Location that follows. */
const FORWARDED: readonly (readonly [what: string, headers: Record<string, string>, location: string])[] = [
  ['nothing', {}, '/files/ID'],
  ['the scheme', { 'x-forwarded-proto': 'https', host: 'up.example' }, 'https://up.example/files/ID'],
  ['the host', { 'x-forwarded-host': 'up.example:8443' }, 'http://up.example:8443/files/ID'],
  ['an address', { 'x-forwarded-host': '[2001:db8::1]:80' }, 'http://[2001:db8::1]:80/files/ID'],
  ['a prefix', { 'x-forwarded-prefix': '/api/v1/' }, '/api/v1/files/ID'],
  [
    'all of it, through two proxies',
    {
      'x-forwarded-proto': 'HTTPS, http',
      'x-forwarded-host': 'up.example, inner',
      'x-forwarded-prefix': '/api, /inner',
    },
    'https://up.example/api/files/ID',
  ],
  [
    'Forwarded',
    { forwarded: 'for="[::1]:9";proto=https;host="up.example:444", for=inner;host=inner' },
    'https://up.example:444/files/ID',
  ],
  [
    'Forwarded and another host',
    { forwarded: 'proto=https;host=client.example', 'x-forwarded-host': 'up.example' },
    'https://up.example/files/ID',
  ],
];

/** What nobody must be able to put into a Location. */
const GARBAGE: readonly Record<string, string>[] = [
  { 'x-forwarded-proto': 'javascript', 'x-forwarded-host': 'up.example' },
  { 'x-forwarded-proto': 'https://evil.example/?', 'x-forwarded-host': 'up.example' },
  { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'up.example/path' },
  { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'user@up.example' },
  { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'up.example:99999' },
  { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'up.example?x#y' },
  { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'a b' },
  { 'x-forwarded-proto': 'https', 'x-forwarded-host': '<script>' },
  { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'x'.repeat(300) },
  { 'x-forwarded-prefix': '//evil.example' },
  { 'x-forwarded-prefix': 'evil.example' },
  { 'x-forwarded-prefix': '/api/../..' },
  { 'x-forwarded-prefix': '/api\\evil' },
  { 'x-forwarded-prefix': '/%0d%0aSet-Cookie:x' },
  { 'x-forwarded-prefix': '/a?b' },
  { forwarded: 'proto=https;host="up.example\\" evil"' },
  { forwarded: 'host="evil.example/x"' },
  { forwarded: ';;;===,,,' },
  { forwarded: 'host="up.example' },
];

describe.each(PLATFORMS)('Location on %s', (platform) => {
  it('CRE-01 is a path that no header of a client changes, unless an option says so', async () => {
    const running = await start(platform, {});
    for (const [, headers] of FORWARDED) expect(await placeOf(running, headers)).toBe('/files/ID');
    for (const headers of GARBAGE) expect(await placeOf(running, headers)).toBe('/files/ID');
  });

  it('CRE-01 follows what a trusted proxy says (traps 15, 16)', async () => {
    const running = await start(platform, { trustProxy: true });
    for (const [what, headers, location] of FORWARDED) {
      const expected = location.replace(/^http:\/\/\//, `${running.origin}/`);
      expect([what, await placeOf(running, headers)]).toEqual([what, expected]);
    }
  });

  it('CRE-01 is a path where what the proxy says cannot be', async () => {
    const running = await start(platform, { trustProxy: true });
    for (const headers of GARBAGE)
      expect([headers, await placeOf(running, headers)]).toEqual([headers, '/files/ID']);
  });

  it('CRE-01 is the public URL of the endpoint, whatever the request says', async () => {
    const running = await start(platform, { publicUrl: 'https://cdn.example.com/api/files/' });
    for (const name of ['x-none', 'host', 'x-forwarded-host']) {
      expect(await placeOf(running, { [name]: 'evil.example' })).toBe('https://cdn.example.com/api/files/ID');
    }
  });

  it('CRE-01 is absolute by the Host of the request where relativeLocation is false', async () => {
    const running = await start(platform, { relativeLocation: false });
    expect(await placeOf(running, {})).toBe(`${running.origin}/files/ID`);
    expect(await placeOf(running, { host: 'up.example', 'x-forwarded-host': 'evil.example' })).toBe(
      'http://up.example/files/ID',
    );
    expect(await placeOf(running, { host: 'up.example/evil' })).toBe('/files/ID');
  });

  it.each<[string, Partial<TusModuleOptions>, Record<string, string>]>([
    ['a path', {}, {}],
    ['a public URL', { publicUrl: 'https://cdn.example.com/uploads' }, {}],
    ['a public URL without a path', { publicUrl: 'https://cdn.example.com' }, {}],
    [
      'what a proxy says',
      { trustProxy: true },
      { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'up.example', 'x-forwarded-prefix': '/public' },
    ],
    ['a path with the prefix of a proxy', { trustProxy: true }, { 'x-forwarded-prefix': '/public' }],
    ['an absolute URL', { relativeLocation: false }, {}],
  ])('CON-15 CRE-01 in a list is taken as it was given: %s', async (_, tus, headers) => {
    const running = await start(platform, tus);
    const given: string[] = [];
    for (const bytes of ['hello ', 'world']) {
      const creation = { 'upload-concat': 'partial', 'upload-length': String(bytes.length), ...headers };
      given.push(String((await post(running, creation, bytes)).headers.location));
    }
    const paths = given.map((location) => new URL(location, running.origin).pathname);
    for (const list of [given, paths, given.map((location) => `/files/${idOf(location)}`)]) {
      const answer = await concatenate(running, list, headers);
      expect(answer.status).toBe(201);
      expect(await content(running, made(running, answer))).toBe('hello world');
    }
  });
});
