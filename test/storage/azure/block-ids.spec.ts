import { describe, expect, it } from '@jest/globals';
import { blockId, isBlockOf } from '../../../src/storage/azure/block-ids.js';
import { FIRST_TAIL } from '../../../src/storage/parts/part-rules.js';

const upload = { id: 'an-upload', createdAt: 1 };
const NUMBERS = [0, 1, 35, 36, 1295, 1296, 50_000, FIRST_TAIL, Number.MAX_SAFE_INTEGER];
const ids = NUMBERS.flatMap((number) => NUMBERS.map((epoch) => blockId(upload, { epoch, number })));

describe('the id of a block', () => {
  // learn.microsoft.com/rest/api/storageservices/put-block
  it('has one length for all blocks of a blob, of at most 64 bytes, as Azure wants it', () => {
    const lengths = new Set(ids.map((id) => Buffer.from(id, 'base64').length));
    expect(lengths.size).toBe(1);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(64);
    expect(ids.every((id) => Buffer.from(id, 'base64').toString('base64') === id)).toBe(true);
  });

  it('is of one upload, one epoch and one number', () => {
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => isBlockOf(upload, id))).toBe(true);
    for (const other of [
      { id: 'another', createdAt: 1 },
      { id: 'an-upload', createdAt: 2 },
    ]) {
      expect(ids.some((id) => isBlockOf(other, id))).toBe(false);
      expect(ids).not.toContain(blockId(other, { epoch: 1, number: 1 }));
    }
  });
});
