import { describe, expect, it } from '@jest/globals';
import { metadataName, metadataValue } from '../../../src/storage/azure/blob-metadata.js';
import { blobHeaders, workHeaders } from '../../../src/storage/azure/blob-settings.js';
import { MARKER } from '../../../src/storage/azure/marker.js';
import { content } from '../../support/content.js';
import { onAzurite } from '../../support/services/azure-suite.js';
import { Row } from '../row.js';
import { Desk } from './support.js';

const filename = Buffer.from('é.mp4').toString('base64');

it('settings are values, or functions of the upload and its metadata', () => {
  const row = new Row({ length: 5, metadata: `filename ${filename}`, createdAt: 7 });
  const headers = blobHeaders(
    {
      contentType: 'video/mp4',
      contentDisposition: ({ id }) => `attachment; filename="${id}"`,
      cacheControl: () => undefined,
      metadata: ({ metadata }) => ({ 'file-name': metadata.get('filename') ?? '', plain: 'a b', none: '' }),
      tags: { project: 'a & b' },
      tier: ({ length }) => (length === 5 ? 'Cool' : undefined),
      encryptionScope: 'scope',
    },
    row.upload,
  );

  expect(headers).toEqual({
    blobHTTPHeaders: {
      blobContentType: 'video/mp4',
      blobContentDisposition: `attachment; filename="${row.id}"`,
    },
    metadata: { file_x2d_name: `=?UTF-8?B?${filename}?=`, plain: 'a b', [MARKER]: `${row.id} 7 0` },
    tags: { project: 'a & b' },
    tier: 'Cool',
    encryptionScope: 'scope',
  });
});

it('of the settings only encryption holds for what is not a finished blob', () => {
  const settings = { contentType: 'video/mp4', tier: 'Cool', encryptionScope: 'scope' };
  const partial = new Row({ kind: 'partial' });
  expect(workHeaders(settings, partial.upload)).toEqual({ encryptionScope: 'scope' });
  expect(blobHeaders(settings, partial.upload)).toEqual({
    encryptionScope: 'scope',
    metadata: { [MARKER]: expect.stringContaining(partial.id) },
  });
});

describe('metadata that Azure refuses', () => {
  it.each([
    ['plain', 'plain'],
    ['file-name', 'file_x2d_name'],
    ['1st', '_x31_st'],
    ['a_x2d_b', 'a_x5f_x2d_b'],
    ['größe', 'gr_xf6__xdf_e'],
  ])('has the name %p as %p', (name, encoded) => {
    expect(metadataName(name)).toBe(encoded);
  });

  it('has values in RFC 2047, and ASCII as it is', () => {
    expect(metadataValue('a b')).toBe('a b');
    for (const value of ['é', ' a', 'a ', 'a\nb']) {
      expect(metadataValue(value)).toBe(`=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`);
    }
  });

  onAzurite((suite) => {
    it('comes back as it was encoded, with the content type', async () => {
      const blob = { contentType: 'text/plain', metadata: { 'file-name': 'é', '1': '2' } };
      const desk = await Desk.open(suite, { blob });
      try {
        for (const length of [10, 9_000_000]) {
          const row = new Row({ length });
          await row.send(desk.storage, content(length));
          expect(await desk.head(row.key)).toMatchObject({
            contentType: 'text/plain',
            metadata: { file_x2d_name: '=?UTF-8?B?w6k=?=', _x31_: '2' },
          });
        }
      } finally {
        await desk.close();
      }
    });
  });
});
