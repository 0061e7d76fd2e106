import { describe, expect, it } from '@jest/globals';
import { InvalidHeaderError } from '../../../src/model/errors/invalid-header.error.js';
import { InvalidPartialError } from '../../../src/model/errors/invalid-partial.error.js';
import { parseConcatList } from '../../../src/protocol/tus/concat-list.js';

const context = {
  requestPath: '/proxy/api/files',
  endpointPaths: ['/proxy/api/files', '/api/files'],
  maxPartials: 1000,
};

describe('the list of partials', () => {
  it.each([
    ['an absolute URL of any host', 'https://elsewhere:8443/proxy/api/files/a'],
    ['an absolute URL with query and fragment', 'http://h/api/files/a?x=/y#/z'],
    ['a reference without a scheme', '//h/api/files/a'],
    ['a path that the client knows', '/proxy/api/files/a'],
    ['a path that the server knows', '/api/files/a'],
    ['a path relative to the request', 'files/a'],
    ['a path relative to the endpoint', 'a'],
    ['a relative path with dots', '../api/files/./a'],
    ['dot segments', '/api/x/../files/a'],
    ['encoded dot segments', '/api/x/%2e%2e/files/a'],
    ['an encoded letter', '/api/files/%61'],
    ['a slash at the end', '/api/files/a/'],
  ])('takes %s (CON-15)', (_, entry) => {
    expect(parseConcatList(entry, context)).toEqual(['a']);
  });

  it.each([
    ['another endpoint', '/other/a'],
    ['a path that only begins alike', '/api/filesystem/a'],
    ['a deeper path', '/api/files/a/b'],
    ['the endpoint itself', '/api/files/'],
    ['an empty segment', '/api/files//a'],
    ['two slashes at the end', '/api/files/a//'],
    ['a way out of the endpoint', '/api/files/../secret'],
    ['an encoded slash', '/api/files/a%2Fb'],
    ['an encoded backslash', '/api/files/a%5cb'],
    ['a backslash', '/api/files\\a'],
    ['a zero byte', '/api/files/a%00'],
    ['an invalid escape', '/api/files/%zz'],
    ['an id that is encoded twice', '/api/files/%2561'],
    ['an id that is too long', `/api/files/${'a'.repeat(129)}`],
    ['another scheme', 'ftp://h/api/files/a'],
    ['no URL', 'http://'],
  ])('refuses %s and says where it stands (CON-12, CON-15)', (_, entry) => {
    const parse = () => parseConcatList(`/api/files/a ${entry}`, context);
    expect(parse).toThrow(InvalidPartialError);
    expect(parse).toThrow('Partial 2 of the list');
  });

  it('keeps the order and what comes twice (CON-14)', () => {
    expect(parseConcatList(' b  a b ', context)).toEqual(['b', 'a', 'b']);
  });

  it('has at least one entry, and no more than allowed (CON-15)', () => {
    expect(() => parseConcatList('  ', context)).toThrow(InvalidHeaderError);
    expect(parseConcatList('a b', { ...context, maxPartials: 2 })).toHaveLength(2);
    expect(() => parseConcatList('a b c', { ...context, maxPartials: 2 })).toThrow('2 partials at most');
  });

  it('works for an endpoint at the root', () => {
    const root = { requestPath: '/', endpointPaths: ['', '/'], maxPartials: 9 };
    expect(parseConcatList('/a b http://h/c', root)).toEqual(['a', 'b', 'c']);
  });

  it('works for an endpoint that was called with a slash at its end (CORE-26)', () => {
    expect(parseConcatList('a', { ...context, requestPath: '/api/files/' })).toEqual(['a']);
  });
});
