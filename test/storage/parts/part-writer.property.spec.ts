import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StorageError } from '../../../src/model/errors/storage.error.js';
import { PartMemory } from '../../../src/storage/parts/part-memory.js';
import type { PartRules } from '../../../src/storage/parts/part-rules.js';
import { writeParts } from '../../../src/storage/parts/part-writer.js';
import type { PartsResult } from '../../../src/storage/parts/part-writer.js';
import { partsUpTo } from '../../../src/storage/parts/parts-up-to.js';
import type { LastPart, PartBytes } from '../../../src/storage/parts/part-target.js';
import { bytesOf, MemoryStore, nameOf, PartedRow, random, SpillFolder } from './support.js';
import type { Gate } from './support.js';

/** Calls that are under way; they go on one by one, in any order. */
class Steps {
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly next: () => number) {}

  wait(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Lets them go on, one after the other, until `end` says so. */
  async run(end: () => boolean): Promise<void> {
    while (!end()) {
      // All that follows from the last step has happened then, but for files.
      await new Promise(setImmediate);
      this.waiting.splice(Math.floor(this.next() * this.waiting.length), 1)[0]?.();
    }
  }
}

interface Writer {
  readonly finished: Promise<PartsResult>;
  readonly letGo: AbortController;
  readonly sent: Buffer;
  /** Bytes that the body has handed over. */
  readonly handed: () => number;
  result?: PartsResult;
}

/** One upload from its first byte to its last, with all that goes wrong on the way. */
class Life {
  readonly row = new PartedRow();
  readonly store = new MemoryStore();
  /** What was sent of the bytes that are on record. */
  private truth = Buffer.alloc(0);
  private readonly steps: Steps;
  private readonly silent: Writer[] = [];
  private readonly rules: PartRules;
  private refused = false;
  appends = 0;
  complete = false;

  constructor(
    private readonly next: () => number,
    private readonly memory: PartMemory,
    private readonly trouble: number,
  ) {
    this.steps = new Steps(next);
    this.rules = rulesOf(next() < 0.3, { least: next() < 0.7 ? 60 : Infinity, inFlight: 1 + this.int(5) });
    if (next() < 0.5) this.row.reference = 'reference';
    if (next() < 0.7) this.row.length = this.int(3000);
  }

  async live(): Promise<void> {
    while (!this.complete && this.appends < 60) await this.append();
    // Whoever was given up finishes late, and spoils nothing.
    await this.steps.run(() => this.silent.every(({ result }) => result !== undefined));
    for (const { result } of this.silent) await result?.last?.free();
    if (!this.complete) this.check();
  }

  private async append(): Promise<void> {
    this.appends++;
    if (this.row.length === null && this.next() < 0.2) this.row.length = this.row.offset + this.int(500);
    const statements = this.row.statements.length;
    const writer = this.start();
    const end = this.next() < 0.3 * this.trouble ? this.int(40) : Infinity;
    let count = 0;
    await this.steps.run(() => writer.result !== undefined || count++ >= end);
    const { result } = writer;
    if (result) await this.settle(writer, result);
    else await this.giveUp(writer);
    if (this.complete) return;
    this.check();
    const parts = [...this.row.parts.values()].filter(({ epoch }) => epoch === this.row.epoch).length;
    // One each for a tail, to keep clear of a silent writer, and for parts that did not count; more to try again.
    const most = parts + (result && !result.failure ? 3 : 6);
    assert.ok(this.row.statements.length - statements <= most, 'too many statements');
  }

  private start(): Writer {
    const { row } = this;
    const sent = Buffer.from(Array.from({ length: this.int(600) }, () => this.int(256)));
    const bytes = row.length === null ? sent : sent.subarray(0, row.length - row.offset);
    const letGo = new AbortController();
    let handed = 0;
    const upload = row.take(this.gate(0.1), this.gate(0.05));
    const target = this.store.target(this.gate(0.1), this.gate(0.1));
    const context = row.context(letGo.signal);
    const body = this.body(bytes, letGo, (count) => (handed += count));
    const finished = writeParts({ target, rules: this.rules, memory: this.memory }, upload, {
      body,
      context,
    });
    const writer: Writer = { finished, letGo, sent: bytes, handed: () => handed };
    void finished.then((result) => (writer.result = result));
    return writer;
  }

  private async *body(bytes: Buffer, letGo: AbortController, handed: (count: number) => void) {
    const cut = this.next() < 0.2 ? this.int(bytes.length + 1) : bytes.length;
    for (let at = 0; at < cut;) {
      await this.steps.wait();
      if (this.next() < 0.02 * this.trouble) letGo.abort('append');
      const batch: Buffer[] = [];
      for (let count = 1 + this.int(3); count > 0 && at < cut; count--) {
        const chunk = bytes.subarray(at, Math.min(cut, at + this.int(90)));
        batch.push(Buffer.from(chunk));
        at += chunk.length;
      }
      handed(batch.reduce((sum, { length }) => sum + length, 0));
      yield batch;
    }
  }

  private gate(odds: number): Gate {
    return async (call) => {
      await this.steps.wait();
      // A database that refuses again and again would not let the lease go in order either.
      const failing = this.refused ? 0 : odds;
      this.refused = this.next() < failing * this.trouble;
      if (this.refused) throw new StorageError('unavailable', `${call} fails`);
    };
  }

  private async settle(writer: Writer, result: PartsResult): Promise<void> {
    const { row } = this;
    const { offset, last } = result;
    assert.ok(offset >= row.offset, 'an offset went back');
    assert.deepEqual(
      row.told,
      row.told.toSorted((one, other) => one - other),
    );
    if (last) return this.finish(writer, last);
    assert.equal(Math.max(row.offset, ...row.told), offset);
    if (!result.failure) assert.equal(offset, row.offset + writer.handed());
    // Bytes that did not verify are not counted; nobody was told of them.
    const verified = this.next() >= 0.1;
    if (verified && offset !== row.length) this.advance(writer, offset);
  }

  private async finish(writer: Writer, last: LastPart): Promise<void> {
    const { store } = this;
    const end = last.bytes ? await bytesOf(last.bytes) : Buffer.alloc(0);
    const whole = Buffer.concat([this.truth, writer.sent]);
    assert.ok(Buffer.concat([store.bytesOf(last.parts), end]).equals(whole));
    if (this.rules.equal) assert.ok(new Set(last.parts.map(({ length }) => length)).size <= 1);
    this.complete = this.next() < 0.7;
    if (!this.complete && last.bytes) await this.loseLast(last.bytes);
    await last.free();
  }

  /** The last part was put, but the upload is not complete: its storage says which number it used, or dies before. */
  private async loseLast(last: PartBytes): Promise<void> {
    const { body: _, ...bytes } = last;
    await this.store.target().put(last);
    if (this.next() < 0.5) this.row.fenced = true;
    else this.row.parts.set(bytes.number, { ...bytes, tag: null, tail: false });
  }

  /** The process has died or hangs. A beat may have recorded the offset that was told last. */
  private async giveUp(writer: Writer): Promise<void> {
    this.silent.push(writer);
    const [told] = this.row.told.slice(-1);
    if (told !== undefined && told !== this.row.length && this.next() < 0.5) this.advance(writer, told);
    if (this.next() < 0.5) writer.letGo.abort('lost');
    this.row.fenced = true;
  }

  private advance({ sent }: Writer, offset: number): void {
    const { row } = this;
    this.truth = Buffer.concat([this.truth, sent.subarray(0, offset - row.offset)]);
    row.offset = offset;
  }

  private check(): void {
    const { row, store } = this;
    const counted = partsUpTo(row.list, row.offset);
    assert.ok(store.bytesOf(counted).equals(this.truth));
    const onRecord = new Set([...row.parts.values()].map(nameOf));
    assert.deepEqual(
      [...store.tails.keys()].filter((name) => !onRecord.has(name)),
      [],
    );
  }

  private int(below: number): number {
    return Math.floor(this.next() * below);
  }
}

function rulesOf(equal: boolean, { least, inFlight }: { least: number; inFlight: number }): PartRules {
  return {
    // While the length is unknown parts are larger: a tail of then may be larger than a part of now.
    sizeOf: ({ length }, { number }) => (length === null ? 250 : 100) + (equal ? 0 : number),
    allows: (length) => !equal && length >= least,
    equal,
    mostParts: 10_000,
    inFlight,
  };
}

describe('any sequence of chunks, failures, take-overs and crashes leaves a contiguous, correct prefix', () => {
  let folder: SpillFolder;

  beforeEach(async () => void (folder = await SpillFolder.make()));
  afterEach(() => folder.remove());

  const lives = 60;
  it.each([
    ['with memory enough', 1 << 20, 1],
    ['with memory for two parts', 250, 1],
    ['with no memory at all', 0, 1],
    ['with little trouble', 500, 0.2],
  ])('%s', async (_name, limit, trouble) => {
    let completed = 0;
    for (let seed = 1; seed <= lives; seed++) {
      const memory = new PartMemory({ limit, folder: folder.path });
      const life = new Life(random(seed), memory, trouble);
      try {
        await life.live();
        expect(life.store.faults).toEqual([]);
        expect(memory.used).toBe(0);
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
      }
      if (life.complete) completed++;
    }
    expect(await folder.leftovers()).toEqual([]);
    expect(completed).toBeGreaterThan(lives / 3);
  });
});
