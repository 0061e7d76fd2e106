import { setField } from './raw-request.js';
import type { RawRequest } from './raw-request.js';
import type { Random } from '../random.js';

/** An upload that the run has made, and what is known of it. */
export interface FuzzUpload {
  id: string;
  readonly kind: 'single' | 'partial' | 'final';
  /** Total bytes; null while it was not said. */
  length: number | null;
  readonly metadata: string | undefined;
  readonly concat: string | undefined;
  /** The offset is at least `low` and at most `high`: they differ once a connection was cut. */
  low: number;
  high: number;
  /** Its bytes follow from it. */
  readonly salt: number;
  readonly partials: readonly FuzzUpload[];
  /** A mutated request has changed it: nothing is known but that its offset never goes down. */
  tainted: boolean;
  /** A final was asked for that needs it. */
  shared: boolean;
  /** It may have been deleted, or have lost its bytes with the final that took them. */
  doubtful: boolean;
}

/** The living uploads of one lane. */
export class Model {
  readonly living: FuzzUpload[] = [];
  /** Ids of deleted ones. */
  readonly dead: string[] = [];
  /** Creations that may have been carried out: nobody has said where. */
  readonly unanswered: RawRequest[] = [];

  add(upload: FuzzUpload): void {
    const known = this.living.find(({ id }) => id === upload.id);
    if (!known) this.living.push(upload);
  }

  remove(upload: FuzzUpload): void {
    const index = this.living.indexOf(upload);
    if (index < 0) return;
    this.living.splice(index, 1);
    this.dead.push(upload.id);
    for (const partial of upload.partials) partial.doubtful = true;
  }

  pick(random: Random, fits: (upload: FuzzUpload) => boolean): FuzzUpload | undefined {
    const fitting = this.living.filter(fits);
    return fitting.length > 0 ? random.pick(fitting) : undefined;
  }
}

/** What was sent to it, and to its partials, is known. */
export function isUntainted(upload: FuzzUpload): boolean {
  return [upload, ...upload.partials].every(({ tainted }) => !tainted);
}

/** All is known of it, so that the answer to a request without faults is known, too. */
export function isSure(upload: FuzzUpload): boolean {
  return upload.low === upload.high && !upload.tainted && !upload.doubtful;
}

export function isOpen({ kind, length, low }: FuzzUpload): boolean {
  return kind !== 'final' && (length === null || low < length);
}

/** Bytes of an upload. */
export function bytesOf(salt: number, start: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0; index < length; index++) {
    const at = start + index;
    bytes[index] = (salt + at * 31 + (at >> 8)) & 255;
  }
  return bytes;
}

/** The bytes of a whole upload, as far as its length is known. */
export function contentOf(upload: FuzzUpload): Buffer {
  return upload.kind === 'final'
    ? Buffer.concat(upload.partials.map((partial) => contentOf(partial)))
    : bytesOf(upload.salt, 0, upload.length ?? 0);
}

/** A request that does nothing yet. */
export function blank(method: string, target: string, frame: RawRequest['frame']): RawRequest {
  const request: RawRequest = {
    method,
    target,
    version: 'HTTP/1.1',
    fields: [],
    body: Buffer.alloc(0),
    frame,
    clean: true,
    inside: true,
  };
  setField(request, 'Host', 'uploads.example');
  return request;
}
