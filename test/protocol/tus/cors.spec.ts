import { describe, expect, it } from '@jest/globals';
import { corsHeaders, isPreflight, preflightHeaders } from '../../../src/protocol/tus/cors.js';
import { headersOf } from '../header-reader.js';

const origin = 'https://app.example.com';

describe('CORS on any response', () => {
  it('lets every origin in by default, and shows the headers of tus (CORS-01, CORS-02)', () => {
    const headers = corsHeaders(origin, {});
    expect(headers['Access-Control-Allow-Origin']).toBe('*');
    expect(headers['Access-Control-Expose-Headers']).toMatch(/^Location, Upload-Offset, .*Want-Repr-Digest$/);
    expect(headers).not.toHaveProperty('Vary');
  });

  it('names the origin when only some may, and says that the answer depends on it (CORS-01)', () => {
    expect(corsHeaders(origin, { origin: [origin, 'https://b.example'] })).toMatchObject({
      'Access-Control-Allow-Origin': origin,
      Vary: 'Origin',
    });
  });

  it.each(['https://evil.example', 'https://app.example.com.evil.example'])(
    'says nothing to %s (CORS-07)',
    (other) => {
      expect(corsHeaders(other, { origin: [/https:\/\/app\.example\.com/g] })).toEqual({ Vary: 'Origin' });
    },
  );

  it('matches a pattern against all of the origin, time and again (CORS-07)', () => {
    const options = { origin: /https:\/\/[a-z]+\.example\.com/g };
    expect(corsHeaders(origin, options)).toHaveProperty('Access-Control-Allow-Origin', origin);
    expect(corsHeaders(origin, options)).toHaveProperty('Access-Control-Allow-Origin', origin);
  });

  it('never says * together with credentials (CORS-06)', () => {
    expect(corsHeaders(origin, { credentials: true })).toMatchObject({
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Allow-Credentials': 'true',
      Vary: 'Origin',
    });
  });

  it('adds headers of the application to those that may be read', () => {
    const headers = corsHeaders(origin, { exposedHeaders: ['X-Video'] });
    expect(headers['Access-Control-Expose-Headers']).toMatch(/, X-Video$/);
  });

  it('only says what may be read where the application has its own CORS (CORS-08)', () => {
    expect(Object.keys(corsHeaders(origin, undefined))).toEqual(['Access-Control-Expose-Headers']);
    expect(corsHeaders(undefined, undefined)).toEqual({});
  });
});

describe('CORS on a preflight', () => {
  it('is known by Origin and Access-Control-Request-Method (CORS-09)', () => {
    const preflight = headersOf({ Origin: origin, 'Access-Control-Request-Method': 'PATCH' });
    expect(isPreflight('OPTIONS', preflight)).toBe(true);
    expect(isPreflight('OPTIONS', headersOf({ Origin: origin }))).toBe(false);
    expect(isPreflight('POST', preflight)).toBe(false);
  });

  const rules = { extensions: ['creation', 'termination'], downloads: true } as const;

  it('lists methods and headers, and may be remembered (CORS-03 to CORS-05)', () => {
    const headers = preflightHeaders(origin, { allowedHeaders: ['X-Tenant'] }, rules);
    expect(headers['Access-Control-Allow-Methods']).toBe('OPTIONS, POST, HEAD, PATCH, DELETE, GET');
    expect(headers['Access-Control-Allow-Headers']).toMatch(/^Authorization, .*Upload-Concat.*, X-Tenant$/);
    expect(headers['Access-Control-Max-Age']).toBe('86400');
  });

  it('may not be remembered at all, when that is wanted', () => {
    expect(preflightHeaders(origin, { maxAge: 0 }, rules)).toMatchObject({ 'Access-Control-Max-Age': '0' });
  });

  it('says nothing to an origin that may not (CORS-07)', () => {
    expect(preflightHeaders(origin, { origin: 'https://b.example' }, rules)).toEqual({});
  });
});
