import { describe, expect, it } from '@jest/globals';
import { hasForeignScheme, locationOf, pathOf, publicPath } from '../../src/http/location.js';

function seenAt(url: string) {
  return { origin: '', path: publicPath(url) };
}

describe('Location', () => {
  it.each([
    ['/files', '/files/a'],
    ['/files/', '/files/a'],
    ['/files//', '/files/a'],
    ['/api/v1/files?x=/y/', '/api/v1/files/a'],
    ['/', '/a'],
    ['http://host:1/files?x', '/files/a'],
    ['http://host', '/a'],
  ])('of a creation at %s is %s (CRE-01, trap 16)', (url, location) => {
    expect(locationOf(seenAt(url), 'a')).toBe(location);
  });

  it('never names another host', () => {
    expect(locationOf(seenAt('//evil.example/files'), 'a')).toBe('/evil.example/files/a');
    for (const scheme of ['ftp', 'javascript', 'HTTPS']) {
      expect(locationOf(seenAt(`${scheme}://evil.example/files`), 'a')).toBe('/files/a');
      expect(locationOf(seenAt(`${scheme}://evil.example//evil.example//`), 'a')).toBe('/evil.example/a');
    }
  });

  it('is of the web: a target of another scheme is told apart', () => {
    expect(['http://h/', 'HTTPS://h', '/ftp://h', '*'].filter(hasForeignScheme)).toEqual([]);
    expect(hasForeignScheme('ftp://h/files')).toBe(true);
  });

  it('knows nothing of query and fragment', () => {
    expect(pathOf('/files/a?b#c')).toBe('/files/a');
    expect(pathOf('?b')).toBe('/');
  });
});
