import type { HeaderReader } from './headers.js';
import { isOffsetStream } from './media-type.js';

/**
 * Whether the headers of a request are those of tus. Every request of tus that changes something has `Tus-Resumable`;
 * one without may be for another route of the application.
 */
export function speaksTus(header: HeaderReader): boolean {
  return header('Tus-Resumable') !== undefined || isOffsetStream(header('Content-Type'));
}
