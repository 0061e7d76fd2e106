import { describe, expect, it } from '@jest/globals';
import { allowedMethods } from '../../../src/protocol/tus/allowed-methods.js';
import { discoveryHeaders } from '../../../src/protocol/tus/discovery.js';
import { TUS_EXTENSIONS, usableExtensions } from '../../../src/protocol/tus/extensions.js';

describe('discovery', () => {
  it('lists version and extensions without spaces (OPT-01 to OPT-03)', () => {
    expect(discoveryHeaders({ extensions: TUS_EXTENSIONS, checksums: ['sha1', 'sha256'] })).toEqual({
      'Tus-Resumable': '1.0.0',
      'Tus-Version': '1.0.0',
      'Tus-Extension':
        'creation,creation-with-upload,creation-defer-length,expiration,checksum,checksum-trailer,termination,concatenation,concatenation-unfinished',
      'Tus-Checksum-Algorithm': 'sha1,sha256',
    });
  });

  it('leaves the list out when it is empty (OPT-03)', () => {
    expect(discoveryHeaders({ extensions: [], checksums: [] })).not.toHaveProperty('Tus-Extension');
  });

  it('names the limit only if there is one (OPT-04)', () => {
    expect(discoveryHeaders({ extensions: [], checksums: [], maxSize: 1024 })).toMatchObject({
      'Tus-Max-Size': '1024',
    });
  });

  it('does not list what lacks the extension that it needs (OPT-07)', () => {
    expect(usableExtensions(['concatenation', 'creation-with-upload', 'termination'])).toEqual([
      'termination',
    ]);
  });
});

describe('the methods that are allowed', () => {
  it('are those that have a meaning (CORE-24)', () => {
    const rules = { extensions: TUS_EXTENSIONS, downloads: false };
    expect(allowedMethods('collection', rules)).toEqual(['OPTIONS', 'POST']);
    expect(allowedMethods('upload', rules)).toEqual(['OPTIONS', 'HEAD', 'PATCH', 'DELETE']);
  });

  it('shrink with the extensions (OPT-08)', () => {
    expect(allowedMethods('collection', { extensions: [], downloads: false })).toEqual(['OPTIONS']);
    expect(allowedMethods('upload', { extensions: ['creation'], downloads: false })).toEqual([
      ...['OPTIONS', 'HEAD', 'PATCH'],
    ]);
  });

  it('have GET on uploads alone, where downloads are on (GET-01)', () => {
    expect(allowedMethods('collection', { extensions: [], downloads: true })).toEqual(['OPTIONS']);
    expect(allowedMethods('upload', { extensions: [], downloads: true })).toContain('GET');
  });
});
