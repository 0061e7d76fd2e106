import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Part } from '../../src/model/part.js';
import { TypeOrmPartRepository } from '../../src/repository/typeorm/typeorm-part-repository.js';
import type { TypeOrmUploadRepository } from '../../src/repository/typeorm/typeorm-upload-repository.js';
import type { LossyConnection, MakeDatabase, TestDatabase } from './fixtures.js';
import {
  HOLDER,
  age,
  completePartial,
  completeSingle,
  lossyRepository,
  mergedFinal,
  newUpload,
} from './fixtures.js';

const RAN_OUT = { column: 'lease_expires_at', by: 5_001 } as const;

export function partContract(make: MakeDatabase): void {
  let database: TestDatabase;
  let connection: LossyConnection;
  let repository: TypeOrmUploadRepository;
  let parts: TypeOrmPartRepository;

  beforeEach(async () => {
    ({ database, connection, repository } = await lossyRepository(make));
    parts = new TypeOrmPartRepository(connection, 'files');
  });
  afterEach(() => database.close());

  const leased = async (): Promise<string> => (await repository.insert(newUpload(), HOLDER)).id;
  const numbers = async (id: string) => (await parts.list(id)).map(({ number }) => number);

  /** Somebody else takes over while the holder still believes that it may write. */
  async function takenOver(id: string): Promise<void> {
    await age(connection, id, RAN_OUT);
    expect(await repository.take(id, 'process-2', { states: ['open'] })).toMatchObject({ epoch: 2 });
  }

  it('come back as they were recorded, in the order of their numbers', async () => {
    const id = await leased();
    const recorded: Part[] = [
      { number: 10, epoch: 1, start: 2 ** 53 - 9, length: 8, tag: '"é\'`\\ 5d41"', tail: true },
      { number: 9, epoch: 1, start: 0, length: 2 ** 53 - 9, tag: null, tail: false },
    ];
    expect(await parts.record(id, 1, recorded)).toBe(true);
    expect(await parts.list(id)).toEqual(recorded.toReversed());
    expect(await parts.list(await leased())).toEqual([]);
  });

  it('come as few as an append needs: from where it begins, the first, the last, and tails', async () => {
    const id = await leased();
    const at = (number: number, start: number, more: Partial<Part> = {}) =>
      part(number, { start, length: 10, ...more });
    const tail = { tail: true };
    const all = [at(1, 0), at(2, 10), at(3, 20), at(4, 25), at(5, 40), at(6, 5), at(90, 10, tail)];
    await parts.record(id, 1, [...all, at(91, 40, tail)]);
    const from = async (offset: number) => (await parts.list(id, offset)).map(({ number }) => number);
    expect(await from(35)).toEqual([1, 4, 5, 6, 90, 91]);
    expect(await from(1_000)).toEqual([1, 6, 90, 91]);
    expect(await from(0)).toEqual([1, 2, 3, 4, 5, 6, 90, 91]);
    expect(await parts.list(await leased(), 0)).toEqual([]);
  });

  it('of the same number replace those before, and leave the others', async () => {
    const id = await leased();
    await parts.record(id, 1, [part(1), part(2, { tag: null })]);
    expect(await parts.record(id, 1, [part(2, { length: 7, tail: true }), part(3)])).toBe(true);
    expect(await parts.list(id)).toEqual([part(1), part(2, { length: 7, tail: true }), part(3)]);
    expect(await parts.record(id, 1, [part(3)])).toBe(true);
    expect(await parts.record(id, 1, [])).toBe(true);
    expect(await numbers(id)).toEqual([1, 2, 3]);
  });

  it('are refused under an epoch that has passed, of a lease that was given back, and of another registration', async () => {
    const id = await leased();
    await parts.record(id, 1, [part(1)]);
    expect(await new TypeOrmPartRepository(connection, 'images').record(id, 1, [part(2)])).toBe(false);
    expect(await parts.record('unknown', 1, [part(1)])).toBe(false);
    await repository.write(id, 1, {}, true);
    expect(await parts.record(id, 1, [part(2)])).toBe(false);
    await repository.take(id, 'process-2', { states: ['open'] });
    expect(await parts.record(id, 1, [part(1, { tag: 'late' }), part(2)])).toBe(false);
    expect(await parts.list(id)).toEqual([part(1)]);
    expect(await parts.record(id, 2, [part(2, { epoch: 2 })])).toBe(true);
    expect(await numbers(id)).toEqual([1, 2]);
  });

  it('of a holder who is taken over meanwhile are all there when the lease is taken, or never', async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, leased));
    const races = ids.map(async (id) => {
      await age(connection, id, RAN_OUT);
      const seen = repository
        .take(id, 'process-2', { states: ['open'] })
        .then((taken) => (taken?.epoch === 2 ? numbers(id) : undefined));
      const recorded = await parts.record(id, 1, [part(1), part(2), part(3)]);
      return { recorded, seen: await seen, left: await numbers(id) };
    });
    for (const { recorded, seen, left } of await Promise.all(races)) {
      expect(left).toEqual(recorded ? [1, 2, 3] : []);
      expect(seen).toEqual(left);
    }
  });

  it('keep whoever takes the lease waiting until they are committed', async () => {
    const id = await leased();
    await age(connection, id, RAN_OUT);
    const taker = await connection.transaction(async (session) => {
      await new TypeOrmPartRepository(session, 'files').record(id, 1, [part(1)]);
      const taking = repository.take(id, 'process-2', { states: ['open'] }).then(() => numbers(id));
      // Time for one that would not wait.
      for (let n = 0; n < 50; n += 1) await session.query('SELECT id FROM tus_upload WHERE id = ?', [id]);
      return { taking };
    });
    expect(await taker.taking).toEqual([1]);
  });

  it('of many writers at once each reach the record of their own upload', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, leased));
    const writes = ids.flatMap((id) => [1, 2, 3].map((number) => parts.record(id, 1, [part(number)])));
    expect(new Set(await Promise.all(writes))).toEqual(new Set([true]));
    for (const id of ids) expect(await numbers(id)).toEqual([1, 2, 3]);
  });

  it('whose answer was lost are on record, or the record says that they are not', async () => {
    const id = await leased();
    connection.loseNext('INSERT INTO tus_part');
    expect(await parts.record(id, 1, [part(1), part(2)])).toBe(true);
    expect(await numbers(id)).toEqual([1, 2]);
    await takenOver(id);
    connection.loseNext('INSERT INTO tus_part');
    await expect(parts.record(id, 1, [part(2, { tag: 'late' })])).rejects.toThrow('the answer');
    expect(await parts.list(id)).toEqual([part(1), part(2)]);
  });

  it('are forgotten by their numbers or all, of one upload, as often as one likes', async () => {
    const [id, other] = [await leased(), await leased()];
    for (const one of [id, other]) await parts.record(one, 1, [part(1), part(2), part(3), part(4)]);
    await parts.forget(id, [2, 4, 99]);
    await parts.forget(id, [2]);
    await parts.forget(id, []);
    expect(await numbers(id)).toEqual([1, 3]);
    await parts.forget(id);
    await parts.forget(id);
    expect(await numbers(id)).toEqual([]);
    expect(await numbers(other)).toEqual([1, 2, 3, 4]);
  });

  it('may be as many as a store allows', async () => {
    const id = await leased();
    const many = Array.from({ length: 1_001 }, (_, n) => part(n + 1));
    expect(await parts.record(id, 1, many)).toBe(true);
    expect(await parts.list(id)).toEqual(many);
    await parts.forget(
      id,
      many.map(({ number }) => number),
    );
    expect(await numbers(id)).toEqual([]);
  });

  it('go with an upload that is erased', async () => {
    const [id, other] = [await leased(), await leased()];
    for (const one of [id, other]) await parts.record(one, 1, [part(1)]);
    await repository.terminate(id, 1);
    await repository.erase(id);
    await repository.erase(other);
    expect(await numbers(id)).toEqual([]);
    expect(await numbers(other)).toEqual([1]);
  });

  it('keep a tombstone until they are forgotten', async () => {
    const id = await leased();
    await parts.record(id, 1, [part(1)]);
    await repository.terminate(id, 1);
    await repository.bury(id);
    expect(await repository.forgetTombstones(0)).toBe(0);
    expect(await repository.withLeftParts(10)).toMatchObject([{ id, state: 'gone' }]);
    await parts.forget(id);
    expect(await repository.withLeftParts(10)).toEqual([]);
    expect(await repository.forgetTombstones(0)).toBe(1);
  });

  it('are left of uploads that need no working bytes and that nobody holds, in the order of their ids', async () => {
    const left = [await withPart(completeSingle(repository)), await withPart(completeSingle(repository))];
    const partial = await withPart(completePartial(repository));
    left.push(await withPart(mergedFinal(repository, [partial]).then(({ id }) => id)));
    // The partial is being freed; the others are complete without parts, at work, and of another registration.
    await completeSingle(repository);
    await parts.record(await leased(), 1, [part(1)]);
    const kept = await withPart(completePartial(repository));
    const found = async (limit: number, after?: string, partials?: boolean) =>
      (await repository.withLeftParts(limit, after, partials)).map(({ id }) => id);
    left.sort();
    expect(await found(10)).toEqual(left);
    expect(await found(2)).toEqual(left.slice(0, 2));
    expect(await found(2, left[1])).toEqual(left.slice(2));
    // The storage has said that their parts are not all they have.
    expect(await found(10, '', true)).toEqual([...left, partial, kept].toSorted());
    await parts.forget(left[0]!);
    expect(await found(10)).toEqual(left.slice(1));
  });

  /** Under a lease the parts could have been recorded before the upload was complete. */
  async function withPart(made: Promise<string>): Promise<string> {
    const id = await made;
    await connection.change(
      `INSERT INTO tus_part (upload_id, number, epoch, start_offset, length, tag, tail) VALUES (?, 1, 1, 0, 1, 'a', 0)`,
      [id],
    );
    return id;
  }
}

function part(number: number, values: Partial<Part> = {}): Part {
  return { number, epoch: 1, start: number * 5, length: 5, tag: `"etag-${number}"`, tail: false, ...values };
}
