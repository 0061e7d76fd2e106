import { describe, expect, it } from '@jest/globals';
import { ChunkMemory } from '../../src/uploads/chunk-memory.js';

const MIB = 1024 * 1024;

function chunk(bytes: number): Buffer {
  return Buffer.allocUnsafeSlow(bytes).fill(7);
}

describe('ChunkMemory', () => {
  const memory = new ChunkMemory();

  it('gives the memory of chunks back at once, without a collection', () => {
    const chunks = Array.from({ length: 64 }, () => chunk(MIB));
    const before = process.memoryUsage().arrayBuffers;
    memory.free(chunks);
    expect(before - process.memoryUsage().arrayBuffers).toBeGreaterThanOrEqual(63 * MIB);
    expect(chunks.every(({ length }) => length === 0)).toBe(true);
  });

  it('leaves a chunk alone that shares its memory', () => {
    const whole = chunk(8 * 1024);
    const [part, pooled] = [whole.subarray(0, 4 * 1024), Buffer.from('a'.repeat(2048))];
    memory.free([part, pooled]);
    expect(whole.every((byte) => byte === 7)).toBe(true);
    expect(pooled.toString()).toBe('a'.repeat(2048));
  });

  it('leaves small chunks to the collector, and no chunks are no work', () => {
    const small = chunk(100);
    memory.free([small]);
    memory.free([]);
    expect(small).toHaveLength(100);
  });

  it.each([
    ['that threads share', () => [Buffer.from(new SharedArrayBuffer(4096))]],
    ['that stands in the batch twice', () => Array.from({ length: 2 }, (_, __, one = chunk(4096)) => one)],
    ['that was freed before', () => [freed(), chunk(4096)]],
  ])('never throws over memory %s', (_, made) => {
    expect(() => memory.free(made())).not.toThrow();
  });

  function freed(): Buffer {
    const one = chunk(4096);
    memory.free([one]);
    return one;
  }
});
