import { InvalidMethodOverrideError } from '../../model/errors/invalid-method-override.error.js';
import type { HeaderReader } from './headers.js';
import { speaksTus } from './speaks-tus.js';

const OVERRIDING = new Set(['PATCH', 'DELETE', 'HEAD', 'POST']);

/**
 * The method that a request of tus means (OVR-01): `X-HTTP-Method-Override` wins on everything but OPTIONS. Requests
 * of other protocols keep their method (OVR-05).
 * @throws InvalidMethodOverrideError if the header names no method of tus.
 */
export function effectiveMethod(method: string, header: HeaderReader): string {
  const override = header('X-HTTP-Method-Override');
  if (override === undefined || method === 'OPTIONS') return method;
  if (!speaksTus(header) || isOfIetfDraft(header)) return method;
  const meant = override.trim().toUpperCase();
  if (!OVERRIDING.has(meant)) throw new InvalidMethodOverrideError();
  return meant;
}

function isOfIetfDraft(header: HeaderReader): boolean {
  if (header('Tus-Resumable') !== undefined) return false;
  return header('Upload-Draft-Interop-Version') !== undefined || header('Upload-Complete') !== undefined;
}
