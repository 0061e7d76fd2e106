import { StorageError } from '../../model/errors/storage.error.js';
import type { Part } from '../../model/part.js';
import type { UploadParts } from '../../storage/upload-storage.js';
import type { Statements } from './statements.js';

/** As many as one statement takes. */
const MOST = 500;

/** The parts of an upload on record, in the memory of a test. */
export class RecordedParts {
  /** What storages may not put on record, and have. */
  readonly breaches: string[] = [];
  private readonly rows = new Map<number, Part>();

  constructor(private readonly statements: Statements) {}

  get size(): number {
    return this.rows.size;
  }

  /** As the holder of an epoch reaches them. */
  of(row: { readonly epoch: number }, epoch: number): UploadParts {
    return {
      list: async (from) => partsFrom([...this.rows.values()], from),
      record: (parts) =>
        this.statements.run(() => {
          if (row.epoch !== epoch)
            throw new StorageError('unavailable', 'The right to write went to another one.');
          this.check(parts, epoch);
          for (const part of parts) this.rows.set(part.number, { ...part });
        }),
      forget: async (numbers) => {
        for (const number of numbers ?? [...this.rows.keys()]) this.rows.delete(number);
      },
    };
  }

  private check(parts: readonly Part[], epoch: number): void {
    if (parts.length > MOST) this.breaches.push(`${parts.length} parts in one statement.`);
    for (const part of parts) {
      const { number, start, length, tag } = part;
      const known = this.rows.get(number);
      const shown = JSON.stringify(part);
      if (part.epoch !== epoch && (known?.epoch !== part.epoch || (known.tag === null && tag !== null)))
        this.breaches.push(`A part of another writer: ${shown}`);
      if (![number, start, length].every((value) => Number.isSafeInteger(value) && value >= 0))
        this.breaches.push(`No integers: ${shown}`);
      if (tag !== null && tag.length > 1024)
        this.breaches.push(`A tag of more than 1,024 characters: ${shown}`);
      if (known && !replaces(part, known))
        this.breaches.push(`${shown} has the number of other bytes: ${JSON.stringify(known)}`);
    }
  }
}

/** A part that was announced becomes one that is stored; one that must not count loses its tag. Nothing else changes. */
function replaces(part: Part, known: Part): boolean {
  const same = part.start === known.start && part.length === known.length && part.tail === known.tail;
  return same && (known.tag === null || part.tag === null || part.tag === known.tag);
}

/** No more of them than `UploadParts.list` promises. */
export function partsFrom(parts: readonly Part[], from: number | undefined): readonly Part[] {
  const sorted = parts.toSorted((one, other) => one.number - other.number);
  if (from === undefined) return sorted;
  const last = sorted.findLast(({ tail }) => !tail);
  return sorted.filter(
    (part) => part.tail || part.start === 0 || part.start + part.length >= from || part === last,
  );
}
