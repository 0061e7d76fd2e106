import { constants } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { GatheredPart } from '../../../src/storage/parts/gathered-part.js';
import type { PartPlan } from '../../../src/storage/parts/gathered-part.js';
import { PartMemory } from '../../../src/storage/parts/part-memory.js';
import type { PartMemoryOptions } from '../../../src/storage/parts/part-memory.js';
import { bytesOf, SpillFolder } from './support.js';

const KIB = 1024;
const MIB = KIB * KIB;

describe('the memory of parts', () => {
  afterEach(() => void jest.useRealTimers());

  const taken = (memory: PartMemory, bytes: number): Buffer => {
    const region = memory.take(bytes);
    if (!region) throw new Error('The budget is used up.');
    return region;
  };

  it('is given up to its limit, 256 MiB by default', () => {
    const memory = new PartMemory();
    for (let count = 0; count < 32; count++) taken(memory, 8 * MIB);
    expect([memory.take(1), memory.used]).toEqual([undefined, 256 * MIB]);
  });

  it('has no region that is larger than a buffer of Node can be', () => {
    const memory = new PartMemory({ limit: Number.MAX_SAFE_INTEGER });
    expect(memory.take(constants.MAX_LENGTH + 1)).toBeUndefined();
    expect(memory.used).toBe(0);
  });

  it.each([
    [{ limit: -1 }, 'the option "limit" must be whole bytes from 0 on; it is -1.'],
    [{ limit: Number.NaN }, 'the option "limit"'],
    [{ limit: '1GB' }, 'it is "1GB".'],
    [{ folder: '' }, 'the option "folder" must be the path of a folder; it is "".'],
  ])('is not to be had with %j', (options, message) => {
    expect(() => new PartMemory(options as PartMemoryOptions)).toThrow(message);
  });

  it('is recycled', () => {
    const memory = new PartMemory({ limit: MIB });
    const region = taken(memory, MIB);
    memory.give(region);
    expect(memory.used).toBe(0);
    expect(taken(memory, MIB)).toBe(region);
  });

  it('is not kept idle in one size while it is wanted in another', () => {
    const memory = new PartMemory({ limit: MIB });
    const large = taken(memory, MIB);
    memory.give(large);
    const small = taken(memory, MIB / 2);
    memory.give(small);
    expect(taken(memory, MIB)).not.toBe(large);
  });

  it('goes back to the system when nobody has taken it for a while', () => {
    jest.useFakeTimers();
    const memory = new PartMemory();
    const [idle, busy] = [taken(memory, MIB), taken(memory, 2 * MIB)];
    memory.give(idle);
    memory.give(busy);
    memory.give(taken(memory, 2 * MIB));
    jest.runOnlyPendingTimers();
    expect(taken(memory, 2 * MIB)).toBe(busy);
    expect(taken(memory, MIB)).not.toBe(idle);
  });
});

describe('a part that is gathered', () => {
  let folder: SpillFolder;

  beforeEach(async () => void (folder = await SpillFolder.make()));
  afterEach(() => folder.remove());

  const gather = (memory: PartMemory, fills: PartPlan['fills'] = 'perhaps') =>
    new GatheredPart({ memory, patience: async () => false }, { start: 0, size: 8 * MIB, fills });

  it('of a slow upload takes little memory, and more as bytes come', async () => {
    const memory = new PartMemory();
    const part = gather(memory);
    const used: number[] = [];
    for (const bytes of [KIB, 64 * KIB, 512 * KIB, 4 * MIB]) {
      await part.add([Buffer.alloc(bytes)]);
      used.push(memory.used);
    }
    expect(used).toEqual([64 * KIB, 512 * KIB, 4 * MIB, 8 * MIB]);
    await part.free();
    expect(memory.used).toBe(0);
  });

  it('of a fast one takes all as soon as it has begun to fill, and little while it stalls at its beginning', async () => {
    const memory = new PartMemory();
    const part = gather(memory, 'likely');
    const used: number[] = [];
    for (const bytes of [1, 64 * KIB, 512 * KIB]) {
      await part.add([Buffer.alloc(bytes)]);
      used.push(memory.used);
    }
    expect(used).toEqual([64 * KIB, 512 * KIB, 8 * MIB]);
    await part.free();

    const filling = gather(memory, 'likely');
    await filling.add([Buffer.alloc(MIB)]);
    expect(memory.used).toBe(8 * MIB);
    await filling.free();
  });

  it('of which all bytes will come takes all at once, so that no byte moves again', async () => {
    const memory = new PartMemory();
    const part = gather(memory, 'surely');
    await part.add([Buffer.alloc(KIB)]);
    expect(memory.used).toBe(8 * MIB);
    await part.free();
  });

  it('gives back what it cannot take, and holds the others', async () => {
    const bytes = randomBytes(9 * MIB);
    const part = gather(new PartMemory());
    const rest = await part.add([bytes.subarray(0, 7 * MIB), bytes.subarray(7 * MIB)]);
    expect(part.full).toBe(true);
    expect(Buffer.concat(rest).equals(bytes.subarray(8 * MIB))).toBe(true);
    expect(Buffer.compare(part.body() as Buffer, bytes.subarray(0, 8 * MIB))).toBe(0);
    await part.free();
  });

  it('moves to a temporary file when memory is used up, and can be read from there again and again', async () => {
    const memory = new PartMemory({ limit: MIB, folder: folder.path });
    const bytes = randomBytes(3 * MIB);
    const part = gather(memory);
    await part.add([bytes.subarray(0, 100 * KIB)]);
    await part.add([bytes.subarray(100 * KIB, 2 * MIB)]);
    await part.add([bytes.subarray(2 * MIB)]);
    expect(memory.used).toBe(0);
    for (let reading = 0; reading < 2; reading++) {
      const read = await bytesOf({ number: 1, epoch: 1, start: 0, length: part.filled, body: part.body() });
      expect(read.equals(bytes)).toBe(true);
    }
    await part.free();
  });
});
