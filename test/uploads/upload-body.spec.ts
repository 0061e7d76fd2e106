import { PassThrough, Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { describe, expect, it } from '@jest/globals';
import { BodyBudget } from '../../src/uploads/body-budget.js';
import { UploadBody } from '../../src/uploads/upload-body.js';
import type { UploadBodyOptions } from '../../src/uploads/upload-body.js';

const MIB = 1024 * 1024;

function bodyOf(source: Readable, options: Partial<UploadBodyOptions> = {}): UploadBody {
  return new UploadBody(source, { limit: Infinity, lengthUnknown: false, idleMilliseconds: 0, ...options });
}

async function collect(body: UploadBody): Promise<Buffer> {
  const batches: Buffer[] = [];
  for await (const batch of body) batches.push(...batch);
  return Buffer.concat(batches);
}

describe('UploadBody', () => {
  it('hands over all bytes in order, in batches of about 1 MiB', async () => {
    const chunks = Array.from({ length: 100 }, (_, index) => Buffer.alloc(65_536, index));
    const body = bodyOf(Readable.from(chunks));
    const sizes: number[] = [];
    const received: Buffer[] = [];
    for await (const batch of body) {
      sizes.push(batch.reduce((sum, { length }) => sum + length, 0));
      received.push(...batch);
    }
    expect(body.outcome).toBe('ended');
    expect(Buffer.concat(received).equals(Buffer.concat(chunks))).toBe(true);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(MIB);
    expect(sizes).toHaveLength(Math.ceil((100 * 65_536) / MIB));
  });

  it('pauses the source while the consumer works on one batch and the next is full', async () => {
    const source = new PassThrough({ highWaterMark: 16 * MIB });
    const body = bodyOf(source);
    source.write(Buffer.alloc(65_536));
    const first = body.next();
    for (let i = 0; i < 63; i++) source.write(Buffer.alloc(65_536));
    await first;
    await new Promise((resolve) => setImmediate(resolve));
    expect(source.isPaused()).toBe(true);
    source.end();
    const rest = await collect(body);
    expect(rest.length).toBe(64 * 65_536 - MIB);
  });

  it('lets the next batch fill while the consumer works on one that it found full', async () => {
    const source = new PassThrough({ highWaterMark: 16 * MIB });
    const body = bodyOf(source);
    for (let i = 0; i < 48; i++) source.write(Buffer.alloc(65_536));
    await body.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(source.isPaused()).toBe(true);
    await body.next();
    expect(source.isPaused()).toBe(false);
    source.end();
    expect(await collect(body)).toHaveLength(MIB);
  });

  it('CORE-15 keeps what arrived before the connection was cut', async () => {
    const source = new PassThrough();
    const body = bodyOf(source);
    source.write('abc');
    const batch = body.next();
    await new Promise((resolve) => setImmediate(resolve));
    source.destroy(new Error('ECONNRESET'));
    expect((await batch).value).toEqual([Buffer.from('abc')]);
    expect((await body.next()).done).toBe(true);
    expect(body.outcome).toBe('interrupted');
  });

  it('CORE-15 takes a message that ended without being complete for a cut one', async () => {
    const body = bodyOf(Object.assign(Readable.from([Buffer.from('abc')]), { complete: false }));
    expect((await collect(body)).toString()).toBe('abc');
    expect(body.outcome).toBe('interrupted');
  });

  it('CORE-15 takes a message of HTTP/2 for a cut one that was reset, although it calls itself complete (trap 32)', async () => {
    const reset = { complete: true, aborted: true };
    const body = bodyOf(Object.assign(Readable.from([Buffer.from('abc')]), reset));
    expect((await collect(body)).toString()).toBe('abc');
    expect(body.outcome).toBe('interrupted');
  });

  it('ends at once for a source that was cut off before it was read', async () => {
    const source = new PassThrough();
    source.destroy();
    const body = bodyOf(source);
    expect(await collect(body)).toHaveLength(0);
    expect(body.outcome).toBe('interrupted');
  });

  it('CORE-16 drops the block that reaches the limit when one byte more follows, if the length is unknown', async () => {
    const body = bodyOf(Readable.from([Buffer.from('abcd'), Buffer.from('ef'), Buffer.from('g')]), {
      limit: 6,
      lengthUnknown: true,
    });
    expect(await collect(body)).toHaveLength(0);
    expect(body.outcome).toBe('overflow');
  });

  it('CORE-16 hands over the block that reaches the limit once the body has ended there', async () => {
    const body = bodyOf(Readable.from([Buffer.from('abcd'), Buffer.from('ef')]), {
      limit: 6,
      lengthUnknown: true,
    });
    expect((await collect(body)).toString()).toBe('abcdef');
    expect(body.outcome).toBe('ended');
  });

  it('CORE-16 does not count the block that reaches the limit when the connection is cut there', async () => {
    const source = new PassThrough();
    const body = bodyOf(source, { limit: 3, lengthUnknown: true });
    const batch = body.next();
    source.write('abc');
    await new Promise((resolve) => setImmediate(resolve));
    source.destroy();
    expect((await batch).done).toBe(true);
    expect(body.outcome).toBe('interrupted');
  });

  it('hands over what has gathered at a beat, so that a slow upload is durable soon', async () => {
    const source = new PassThrough();
    const body = bodyOf(source);
    const batch = body.next();
    source.write('slow');
    await new Promise((resolve) => setImmediate(resolve));
    body.beat();
    expect((await batch).value).toEqual([Buffer.from('slow')]);
    source.destroy();
  });

  it('CORE-21 gives up a client that sends nothing for longer than the idle time', async () => {
    const source = new PassThrough();
    const body = bodyOf(source, { idleMilliseconds: Number.MIN_VALUE });
    const batch = body.next();
    await new Promise((resolve) => setTimeout(resolve, 2));
    body.beat();
    expect((await batch).done).toBe(true);
    expect(body.outcome).toBe('idle');
    source.destroy();
  });

  it('hands over what has gathered when it is stopped, and reads no further', async () => {
    const source = new PassThrough();
    const body = bodyOf(source);
    const batch = body.next();
    source.write('kept');
    await new Promise((resolve) => setImmediate(resolve));
    body.stop();
    source.write('not read');
    expect((await batch).value).toEqual([Buffer.from('kept')]);
    expect((await body.next()).done).toBe(true);
    expect(body.outcome).toBe('stopped');
    source.destroy();
  });

  it('says when the first bytes are wanted, once', async () => {
    let wanted = 0;
    const body = bodyOf(Readable.from([Buffer.from('a')]), { onWanted: () => wanted++ });
    expect(wanted).toBe(0);
    await collect(body);
    expect(wanted).toBe(1);
  });

  describe('under a budget', () => {
    const CHUNK = 65_536;
    const turn = () => new Promise((resolve) => setImmediate(resolve));

    it('hands over what is there as soon as the budget is used up', async () => {
      const body = bodyOf(
        new PassThrough().on('error', () => {}),
        { budget: new BodyBudget(2 * CHUNK) },
      );
      const batch = body.next();
      const { source } = body as unknown as { source: PassThrough };
      for (let i = 0; i < 2; i++) source.write(Buffer.alloc(CHUNK));
      expect((await batch).value).toHaveLength(2);
      source.destroy();
    });

    it('reads nothing more before another body has been written, and then all of it', async () => {
      const budget = new BodyBudget(CHUNK);
      const [first, second] = [new PassThrough(), new PassThrough()];
      const writing = bodyOf(first, { budget });
      first.write(Buffer.alloc(CHUNK));
      await writing.next();
      const waiting = bodyOf(second, { budget });
      const batch = waiting.next();
      second.end('waits');
      await turn();
      expect(second.isPaused()).toBe(true);
      const end = writing.next();
      expect((await batch).value).toEqual([Buffer.from('waits')]);
      expect((await waiting.next()).done).toBe(true);
      expect(waiting.outcome).toBe('ended');
      first.end();
      expect((await end).done).toBe(true);
      expect(budget).toMatchObject({ used: 0 });
    });

    it('gives back all that it took when the consumer reads no further', async () => {
      const budget = new BodyBudget(8 * CHUNK);
      const source = new PassThrough({ highWaterMark: MIB });
      for (let i = 0; i < 6; i++) source.write(Buffer.alloc(CHUNK));
      source.end();
      const body = bodyOf(source, { budget });
      for await (const _ of body) break;
      expect(budget).toMatchObject({ used: 0 });
      source.destroy();
    });

    it('takes nothing of a body that was stopped before it was read, whoever reads the rest away', async () => {
      const budget = new BodyBudget(8 * CHUNK);
      const source = new PassThrough();
      let wanted = 0;
      const body = bodyOf(source, { budget, onWanted: () => wanted++ });
      body.stop();
      expect((await body.next()).done).toBe(true);
      source.resume();
      source.end(Buffer.alloc(CHUNK));
      await finished(source);
      expect(budget).toMatchObject({ used: 0 });
      expect([body.outcome, wanted]).toEqual(['stopped', 0]);
    });

    it('CORE-21 gives up no client whose body waits for others', async () => {
      const budget = new BodyBudget(1);
      budget.take(1);
      const source = new PassThrough();
      const body = bodyOf(source, { budget, idleMilliseconds: Number.MIN_VALUE });
      const batch = body.next();
      source.write('late');
      await new Promise((resolve) => setTimeout(resolve, 2));
      body.beat();
      expect(body.outcome).toBeUndefined();
      budget.give(1);
      expect((await batch).value).toEqual([Buffer.from('late')]);
      source.destroy();
    });

    it('goes on at a beat where another, which was to go on first, sends nothing', async () => {
      const budget = new BodyBudget(1);
      budget.take(1);
      const [silent, speaking] = [new PassThrough(), new PassThrough()];
      void bodyOf(silent, { budget }).next();
      const body = bodyOf(speaking, { budget });
      const batch = body.next();
      speaking.end('a');
      budget.give(1);
      await turn();
      expect(speaking.isPaused()).toBe(true);
      body.beat();
      expect((await batch).value).toEqual([Buffer.from('a')]);
      silent.destroy();
    });

    it('CORE-16 keeps one byte of a block that waits for the end of its body, when others need the room', async () => {
      const budget = new BodyBudget(6);
      const source = new PassThrough();
      const body = bodyOf(source, { budget, limit: 6, lengthUnknown: true });
      const batch = body.next();
      source.write('abc');
      await turn();
      source.write('def');
      await turn();
      body.beat();
      expect(Buffer.concat([...((await batch).value as Buffer[])]).toString()).toBe('abcde');
      const last = body.next();
      expect(budget).toMatchObject({ used: 1 });
      source.end();
      expect((await last).value).toEqual([Buffer.from('f')]);
      expect((await body.next()).done).toBe(true);
      expect(body.outcome).toBe('ended');
      expect(budget).toMatchObject({ used: 0 });
    });
  });
});
