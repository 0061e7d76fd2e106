/** What a store allows; the defaults are those of Amazon S3 (docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html). */
export interface ConcatLimits {
  /** Bytes that every part but the last has at least; no range can be copied from a source of so many or fewer. Default: 5 MiB. */
  readonly minPart: number;
  /** Bytes of a part at most. Default: 5 GiB. */
  readonly maxPart: number;
  /** Default: 10,000. */
  readonly maxParts: number;
  /** Where all parts but the last must have the same size: that size in bytes, at least `minPart`. */
  readonly equalParts?: number;
}

export const AMAZON: ConcatLimits = { minPart: 5 * 1024 ** 2, maxPart: 5 * 1024 ** 3, maxParts: 10_000 };

/** Bytes of one source, which is named by its place in the list. */
export interface Piece {
  readonly source: number;
  readonly start: number;
  readonly length: number;
}

/** A part of the final: copied by the store, or read and sent again because no copy can carry it. */
export type PlannedPart =
  /** `whole`: all of its source, so that no range has to be named. */
  { readonly copy: Piece; readonly whole: boolean } | { readonly stream: readonly Piece[] };

/**
 * Cuts the sources of a final, which lie behind each other, into parts that the store accepts, so that as few bytes as
 * possible pass through the server. Sources without bytes are left out; all of them empty give no part.
 * @param lengths - bytes of each source, in order
 * @throws RangeError if no plan can hold so many bytes
 */
export function planConcat(lengths: readonly number[], limits: ConcatLimits = AMAZON): PlannedPart[] {
  const { minPart, maxPart, maxParts, equalParts } = limits;
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const most = (equalParts ?? maxPart) * maxParts;
  if (total > most) throw new RangeError(`${total} bytes do not fit into ${maxParts} parts.`);
  if (equalParts !== undefined) return equal(lengths, equalParts, minPart);
  // Where there are too many parts, neighbours share one: each has to have more bytes, until they are few enough.
  for (let least = minPart; ; least *= 2) {
    const parts = unequal(lengths, limits, Math.min(least, maxPart));
    if (parts.length <= maxParts) return parts;
    if (least >= maxPart)
      throw new RangeError(`${lengths.length} sources do not fit into ${maxParts} parts.`);
  }
}

/** Parts of any size from `least` on: what is smaller is streamed together with bytes that come after it. */
function unequal(
  lengths: readonly number[],
  { minPart, maxPart }: ConcatLimits,
  least: number,
): PlannedPart[] {
  const parts: PlannedPart[] = [];
  const gathered = new Gathered();
  const flush = () => {
    if (gathered.bytes > 0) parts.push({ stream: gathered.take() });
  };
  const last = lengths.findLastIndex((length) => length > 0);
  for (const [source, length] of lengths.entries()) {
    if (length === 0) continue;
    const missing = gathered.bytes > 0 ? least - gathered.bytes : 0;
    const rest = length - missing;
    // The last part may be small, but no range can be copied from a small source.
    const copyable = rest >= least || (source === last && rest > 0 && (missing === 0 || length > minPart));
    const taken = copyable ? missing : length;
    gathered.add({ source, start: 0, length: taken });
    if (copyable || gathered.bytes >= least) flush();
    if (copyable) parts.push(...copies({ source, start: taken, length: rest }, length, maxPart));
  }
  flush();
  return parts;
}

/** Pieces of the part that is being made. */
class Gathered {
  bytes = 0;
  private pieces: Piece[] = [];

  add(piece: Piece): void {
    if (piece.length === 0) return;
    this.pieces.push(piece);
    this.bytes += piece.length;
  }

  take(): readonly Piece[] {
    const { pieces } = this;
    this.pieces = [];
    this.bytes = 0;
    return pieces;
  }
}

/** A range as few copies of about the same size. */
function copies({ source, start, length }: Piece, sourceLength: number, maxPart: number): PlannedPart[] {
  const count = Math.ceil(length / maxPart);
  return Array.from({ length: count }, (_, index) => {
    const from = Math.floor((length / count) * index);
    const to = index === count - 1 ? length : Math.floor((length / count) * (index + 1));
    const copy = { source, start: start + from, length: to - from };
    return { copy, whole: copy.length === sourceLength };
  });
}

/** Parts of one size: those that lie in one source are copied, those that straddle a joint are streamed. */
function equal(lengths: readonly number[], size: number, minPart: number): PlannedPart[] {
  const parts: PlannedPart[] = [];
  const gathered = new Gathered();
  for (const [source, length] of lengths.entries()) {
    for (let start = 0; start < length;) {
      const taken = Math.min(length - start, size - gathered.bytes);
      gathered.add({ source, start, length: taken });
      start += taken;
      if (gathered.bytes === size) parts.push(partOf(gathered.take(), lengths, minPart));
    }
  }
  if (gathered.bytes > 0) parts.push(partOf(gathered.take(), lengths, minPart));
  return parts;
}

function partOf(pieces: readonly Piece[], lengths: readonly number[], minPart: number): PlannedPart {
  const [first, ...others] = pieces;
  const sourceLength = first ? (lengths[first.source] ?? 0) : 0;
  const whole = first?.length === sourceLength;
  return first && others.length === 0 && (whole || sourceLength > minPart)
    ? { copy: first, whole }
    : { stream: pieces };
}
