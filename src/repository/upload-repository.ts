import type { UploadKind, UploadState } from '../model/upload.js';
import type { Extension, NewUpload, UploadChange, UploadRecord } from './upload-record.js';

/** Injection token of the repository of one registration. */
export const UPLOAD_REPOSITORY = Symbol('nestjs-tus:upload-repository');

/** How long a lease or a claim lasts without renewal, by the database's clock. */
export const LEASE_MILLISECONDS = 5_000;

export interface LeaseRenewal {
  readonly id: string;
  readonly epoch: number;
  /** The durable offset to record; it never lowers the row's. */
  readonly offset: number;
}

export interface FinalPlan {
  /** Its length and state are what `check` returns. */
  readonly final: Omit<NewUpload, 'length' | 'state'> & { readonly dedupeKey: string };
  /** In order; an id may come twice. */
  readonly partialIds: readonly string[];
  /**
   * Judges the rows inside the transaction. What it throws rolls everything back and is thrown on.
   */
  readonly check: (partials: ReadonlyMap<string, UploadRecord>) => FinalVerdict;
  readonly holder: string;
}

/** A final is merged at once, or waits for partials that still take bytes. */
export interface FinalVerdict {
  readonly state: 'merging' | 'pending';
  /** Total bytes; null while a partial has not said its own. */
  readonly length: number | null;
  /** Replaces what the plan says of it. */
  readonly expiresIn?: number | null;
}

export type PlannedFinal =
  | {
      readonly created: true;
      readonly final: UploadRecord;
      /**
       * What `partialsOf` would read, with the rows as they were before they were pinned, where every partial has its
       * own bytes and keeps them while it is pinned. Absent where another final has some or may take them, and where
       * the answer of the database was lost.
       */
      readonly list?: readonly PlannedPartial[];
    }
  | { readonly created: false; readonly final: UploadRecord };

/** One entry of a final's ordered list, with the rows that say where its bytes are now. */
export interface PlannedPartial {
  readonly partial: UploadRecord;
  /** Where its bytes begin in the final that consumed it; null while they are its own. */
  readonly consumer: { readonly final: UploadRecord; readonly start: number } | null;
}

export interface ListFilter {
  readonly kind?: UploadKind;
  readonly states?: readonly UploadState[];
  /** Only uploads after this id, in the order of ids. */
  readonly after?: string;
  readonly limit: number;
}

/** What a row must be for its lease to be taken. */
export interface WantedRow {
  readonly states: readonly UploadState[];
  /**
   * Bytes that are at hand. A row that has this length, and that nobody has written to before, is `finishing` with the
   * same statement: what is about to be published is on record.
   */
  readonly atHand?: number | undefined;
}

/**
 * The rows of one registration. A method is one conditional statement, or one short transaction where it says so.
 * Every write of a leased row carries the epoch and resolves with the row as it is now; false or undefined means that
 * the lease went to somebody else.
 */
export interface UploadRepository {
  /**
   * Inserts the row; with a holder, the lease is taken in the same statement (epoch 1).
   * @throws KeyConflictError if another upload of the storage has the key; OptionResultError if one has the id.
   */
  insert(upload: NewUpload, holder?: string): Promise<UploadRecord>;

  find(id: string): Promise<UploadRecord | undefined>;

  /** The rows of those ids that have one. */
  findAll(ids: readonly string[]): Promise<ReadonlyMap<string, UploadRecord>>;

  /** In the order of their ids. */
  list(filter: ListFilter): Promise<UploadRecord[]>;

  /**
   * Takes the lease of a row that is in one of `states` and has no lease, or one that ran out; loads the row in the
   * same statement. The epoch grows by one. Undefined if it could not be had.
   */
  take(id: string, holder: string, wanted: WantedRow): Promise<UploadRecord | undefined>;

  /**
   * Changes a row under its lease, and gives the lease back if `release` is set. Zero rows are looked at again: the
   * same epoch with the wanted state and offset is a success whose answer was lost.
   */
  write(id: string, epoch: number, change: UploadChange, release: boolean): Promise<UploadRecord | undefined>;

  /**
   * Renews leases and records offsets in one statement; resolves with the ids that are still the holder's. With
   * `extend`, the time of open uploads that expire moves (EXP-04).
   */
  renew(
    holder: string,
    leases: readonly LeaseRenewal[],
    extend?: Extension | null,
  ): Promise<ReadonlySet<string>>;

  /**
   * One transaction: returns the living final with the same `dedupeKey` if there is one, else checks the partials,
   * inserts the final (`merging` and leased by `holder`, or `pending` without a lease) with its ordered list, and pins
   * each partial, and each final that consumed one, or is claiming one, once.
   * @throws KeyConflictError if another upload of the storage has the key of the final; OptionResultError if one has
   * its id.
   */
  planFinal(plan: FinalPlan): Promise<PlannedFinal>;

  /** Pending finals that wait for this partial. */
  finalsWaitingFor(partialId: string): Promise<string[]>;

  /** Pending finals that wait for nothing any more, oldest first: every partial is complete, or one has ended. */
  decidedFinals(limit: number): Promise<string[]>;

  /** The ordered list of a final. */
  partialsOf(finalId: string): Promise<PlannedPartial[]>;

  /**
   * Claims the bytes of a partial for one final, forever; a repetition by that final is true again. False unless this
   * final alone pins it and no other has claimed it before.
   */
  claimBytes(partialId: string, finalId: string): Promise<boolean>;

  /**
   * One transaction: completes a final under its lease and releases the lease, unpins what it pinned and, with
   * `releasePartials`, marks the partials that nobody pins any more as `releasing`, consumed by this final.
   */
  completeFinal(
    id: string,
    epoch: number,
    change: UploadChange,
    releasePartials: boolean,
  ): Promise<UploadRecord | undefined>;

  /**
   * One transaction: the final can never be merged; it becomes `terminating` with the ending `failed`, its dedupe
   * key is free again, and what it pinned is unpinned.
   */
  failFinal(id: string, epoch: number): Promise<boolean>;

  /**
   * One transaction: the upload becomes `terminating` with the ending `terminated`. With an epoch under that lease;
   * without one only if it is `complete` or `failed`, which nobody writes to. A final that was not merged unpins its
   * partials; partials whose bytes a merged final held become `gone`.
   */
  terminate(id: string, epoch: number | undefined): Promise<'done' | 'pinned' | 'lost'>;

  /** Uploads whose time is over and that nobody writes to or needs, the longest overdue first. */
  overdue(limit: number): Promise<UploadRecord[]>;

  /**
   * One transaction: ends an upload that is still overdue, with the ending `expired`. If `frees` says so of the row as
   * it is then, it becomes `terminating`, its bytes are to be freed; if not, it is forgotten: `gone`, its object stays.
   * False if it is not overdue any more. `frees` may be asked again after a deadlock.
   */
  expire(id: string, frees: (upload: UploadRecord) => boolean): Promise<boolean>;

  /** A `terminating` upload whose bytes are freed becomes a tombstone; another upload may have its key. */
  bury(id: string): Promise<void>;

  /** A `terminating` upload that nobody was ever told of, and whose bytes are freed, leaves no row at all. */
  erase(id: string): Promise<void>;

  /** Partials whose bytes are to be freed and that no final reads any more, in the order of their ids. */
  releasing(limit: number, after?: string): Promise<UploadRecord[]>;

  /** Their bytes are freed. */
  released(ids: readonly string[]): Promise<void>;

  /**
   * Uploads that need no working bytes any more and still have parts on record, in the order of their ids: complete
   * ones and tombstones. Partials are among them only if `partials` is true: their parts may be all they have.
   */
  withLeftParts(limit: number, after?: string, partials?: boolean): Promise<UploadRecord[]>;

  /** Rows in one of `states` that nobody has a lease of, oldest first: a crash or a failure left them there. */
  abandoned(states: readonly UploadState[], limit: number): Promise<UploadRecord[]>;

  /** Has `abandoned` list these behind the others, where they are `finishing` and nobody has a lease of them. */
  postpone(ids: readonly string[]): Promise<void>;

  /** Which of the ids have a row, of whichever registration, whose working bytes are still needed. */
  withWorkingBytes(ids: readonly string[]): Promise<ReadonlySet<string>>;

  /**
   * Deletes tombstones that are older than this, have no parts on record, and whose event is delivered; resolves with
   * how many.
   */
  forgetTombstones(olderThanMilliseconds: number): Promise<number>;
}
