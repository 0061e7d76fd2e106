import { StorageError } from '../../model/errors/storage.error.js';
import type { Part } from '../../model/part.js';
import type { ConcatSource } from '../upload-storage.js';
import { planConcat } from './concat-plan.js';
import type { ConcatLimits, Piece, PlannedPart } from './concat-plan.js';

/** A part of a final, with its place in it. */
export interface ConcatPart {
  readonly number: number;
  readonly start: number;
  readonly length: number;
  readonly planned: PlannedPart;
}

/**
 * The parts of a final. The same sources always give the same ones, so that a number that two writers use, one of whom
 * has lost its right, carries the same bytes of both.
 * @throws StorageError of kind `full` if the store has no object that large
 */
export function concatParts(sources: readonly ConcatSource[], limits: ConcatLimits): ConcatPart[] {
  let start = 0;
  return plan(sources, limits).map((planned, index) => {
    const length = piecesOf(planned).reduce((sum, piece) => sum + piece.length, 0);
    const part = { number: index + 1, start, length, planned };
    start += length;
    return part;
  });
}

export function piecesOf(planned: PlannedPart): readonly Piece[] {
  return 'copy' in planned ? [planned.copy] : planned.stream;
}

/**
 * Those that are not on record yet; undefined if nothing of this plan is: another one may have been made with other
 * options, or the store has lost a part.
 */
export function missingParts(
  parts: readonly ConcatPart[],
  recorded: readonly Part[],
): readonly ConcatPart[] | undefined {
  const planned = new Map(parts.map((part) => [part.number, part]));
  const fits = ({ number, start, length }: Part) =>
    planned.get(number)?.start === start && planned.get(number)?.length === length;
  // They come on record with a tag, and lose it only where the store has not what is on record.
  if (recorded.length === 0 || !recorded.every((part) => part.tag !== null && fits(part))) return undefined;
  const stored = new Set(recorded.map(({ number }) => number));
  return parts.filter(({ number }) => !stored.has(number));
}

function plan(sources: readonly ConcatSource[], limits: ConcatLimits): PlannedPart[] {
  try {
    return planConcat(
      sources.map(({ length }) => length),
      limits,
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new StorageError('full', `The final is too large for the store: ${error.message}`, {
      cause: error,
    });
  }
}
