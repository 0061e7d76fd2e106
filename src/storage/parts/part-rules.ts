const MIB = 1024 * 1024;

/**
 * Tails are numbered from here on, so that many short requests use up none of the numbers of parts, of which stores
 * have few.
 */
export const FIRST_TAIL = 2 ** 30;

/** What a store allows, and how it is used. */
export interface PartLimits {
  /** Bytes of a part unless the upload needs larger ones. Default: 8 MiB. */
  readonly partSize?: number;
  /** Bytes that every part but the last has at least. */
  readonly least: number;
  /** Bytes of a part at most. */
  readonly largest: number;
  /** The highest number of a part. */
  readonly mostParts: number;
  /** Whether all parts but the last must have the same size. Default: false. */
  readonly equal?: boolean;
  /** Parts of one upload that are sent at the same time. Default: 4. */
  readonly inFlight?: number;
}

/** Where a part begins, and the number that it gets. */
export interface PartPlace {
  readonly start: number;
  readonly number: number;
}

export interface PartRules {
  /**
   * Bytes of the part at a place. They grow with the length, so that the numbers that are left suffice, and while the
   * length is unknown with the numbers used up. Equal parts are as large as the first one of the upload, which is the
   * only one that asks.
   */
  sizeOf(upload: { readonly length: number | null }, place: PartPlace): number;
  /** Whether so many bytes at the end of a request may be a part instead of a tail. */
  allows(length: number, number: number): boolean;
  readonly equal: boolean;
  readonly mostParts: number;
  /** Numbers that may be in use beyond the last one on record; a writer that follows a silent one leaves so many out. */
  readonly inFlight: number;
}

/** The rules that follow from what a store allows. */
export function partRules(limits: PartLimits): PartRules {
  const { partSize = 8 * MIB, least, largest, mostParts, equal = false, inFlight = 4 } = limits;
  const within = (size: number) => Math.min(Math.max(size, partSize, least), largest);
  return {
    sizeOf({ length }, { start, number }) {
      if (length === null) return within(equal ? 4 * partSize : partSize * growth(number, mostParts));
      const rest = equal ? length : length - start;
      return within(wholeMebibytes(rest / placesFrom(equal ? 1 : number, mostParts)));
    },
    // The upper half of the numbers is kept for whole parts: requests may be many, and short.
    allows: (length, number) => !equal && length >= least && number <= mostParts / 2,
    equal,
    mostParts,
    inFlight,
  };
}

/** Parts that the rest is meant to have: a tenth of the numbers is kept for the gaps of take-overs and failures. */
function placesFrom(number: number, mostParts: number): number {
  const planned = Math.floor(0.9 * mostParts) + 1 - number;
  return planned > 0 ? planned : Math.max(1, (mostParts + 1 - number) / 2);
}

/** Doubles with each tenth of the numbers: 10,000 parts from 8 MiB on hold 8 TiB. */
function growth(number: number, mostParts: number): number {
  return 2 ** Math.floor((number - 1) / Math.ceil(mostParts / 10));
}

function wholeMebibytes(bytes: number): number {
  return Math.ceil(bytes / MIB) * MIB;
}
