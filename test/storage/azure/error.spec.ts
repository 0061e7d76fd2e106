import { RestError } from '@azure/storage-blob';
import { describe, expect, it } from '@jest/globals';
import { azureError } from '../../../src/storage/azure/azure.error.js';

function answer(request: string, statusCode: number, code?: string) {
  return azureError(request, new RestError('No.', { statusCode, ...(code !== undefined && { code }) }));
}

describe('what the store has answered means', () => {
  it.each([
    ['Get Blob', 404, 'BlobNotFound'],
    ['Put Block List', 400, 'InvalidBlockList'],
    ['Get Blob', 416, 'InvalidRange'],
  ])('that bytes are gone: %s, %d %s', (request, status, code) => {
    expect(answer(request, status, code)).toMatchObject({ kind: 'missing', code, passing: false });
  });

  it.each([
    ['Put Block', 404, undefined],
    ['Put Block List', 404, undefined],
    ['Put Block List', 404, 'ResourceNotFound'],
    ['Get Blob Properties', 404, 'ContainerNotFound'],
    ['Put Block', 404, 'ContainerNotFound'],
    ['Put Block List', 400, undefined],
    ['Put Blob', 400, 'Md5Mismatch'],
    ['Put Blob', 403, 'AuthorizationFailure'],
    ['Get Blob', 400, 'InvalidHeaderValue'],
  ])('that nothing is known to be lost: %s, %d %s', (request, status, code) => {
    expect(answer(request, status, code).kind).toBe('unavailable');
  });

  it.each([
    ['Put Blob', 'MetadataTooLarge'],
    ['Put Blob', 'InvalidHeaderValue'],
    ['Put Block List', 'InvalidMetadata'],
    ['Put Block List', 'InvalidBlobTier'],
  ])('that no such blob can ever be made: %s, 400 %s', (request, code) => {
    expect(answer(request, 400, code).kind).toBe('conflict');
  });
});
