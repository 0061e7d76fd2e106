import type { HeaderReader } from '../headers.js';
import { parseHttpDate } from './http-date.js';

/** By what a client recognises the bytes that it has. */
export interface Validators {
  /** A strong entity tag, with its quotes. */
  readonly etag: string;
  /** Milliseconds, in whole seconds. */
  readonly lastModified: number;
}

const ENTITY_TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

/** Whether a GET is to be refused (412), or to be answered without the bytes (304); in the order of RFC 9110, 13.2.2. */
export function judgePreconditions(header: HeaderReader, validators: Validators): 412 | 304 | undefined {
  const { etag, lastModified } = validators;
  const ifMatch = header('If-Match');
  if (ifMatch !== undefined) {
    if (!names(ifMatch, (tag) => tag === etag)) return 412;
  } else if (lastModified > dateIn(header('If-Unmodified-Since'), Infinity)) {
    return 412;
  }
  const ifNoneMatch = header('If-None-Match');
  if (ifNoneMatch !== undefined) {
    return names(ifNoneMatch, (tag) => tag.replace(/^W\//, '') === etag) ? 304 : undefined;
  }
  return lastModified <= dateIn(header('If-Modified-Since'), -Infinity) ? 304 : undefined;
}

/** Whether a range may be served: the client has other bytes of the same file, or did not ask (RFC 9110, 13.1.5). */
export function rangeApplies(header: HeaderReader, { etag, lastModified }: Validators): boolean {
  const value = header('If-Range')?.trim();
  if (value === undefined) return true;
  // What is published never changes, so that the time of its completion is a strong validator, too.
  return value === etag || parseHttpDate(value) === lastModified;
}

function names(list: string, fits: (tag: string) => boolean): boolean {
  return list.trim() === '*' || (list.match(ENTITY_TAG) ?? []).some(fits);
}

/** A date that is none is as if it had not been sent. */
function dateIn(value: string | undefined, otherwise: number): number {
  return (value === undefined ? undefined : parseHttpDate(value)) ?? otherwise;
}
