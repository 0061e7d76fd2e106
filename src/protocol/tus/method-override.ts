import { InvalidMethodOverrideError } from '../../model/errors/invalid-method-override.error.js';
import type { HeaderReader } from './headers.js';

const OVERRIDING = new Set(['PATCH', 'DELETE', 'HEAD', 'POST']);

/**
 * The method that a request means (OVR-01): `X-HTTP-Method-Override` wins on everything but OPTIONS.
 * @throws InvalidMethodOverrideError if the header names no method of tus.
 */
export function effectiveMethod(method: string, header: HeaderReader): string {
  const override = header('X-HTTP-Method-Override');
  if (override === undefined || method === 'OPTIONS' || isOfIetfDraft(header)) return method;
  const meant = override.trim().toUpperCase();
  if (!OVERRIDING.has(meant)) throw new InvalidMethodOverrideError();
  return meant;
}

/** Resumable Uploads for HTTP know no override (OVR-05). */
function isOfIetfDraft(header: HeaderReader): boolean {
  if (header('Tus-Resumable') !== undefined) return false;
  return header('Upload-Draft-Interop-Version') !== undefined || header('Upload-Complete') !== undefined;
}
