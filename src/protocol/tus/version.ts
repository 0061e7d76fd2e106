import { UnsupportedVersionError } from '../../model/errors/unsupported-version.error.js';
import type { HeaderReader } from './headers.js';

/** The version of tus that this server speaks. */
export const TUS_VERSION = '1.0.0';

/**
 * Refuses a request of another version (CORE-01). HEAD and GET may do without the header, since browsers and monitors do (GET-01).
 * @throws UnsupportedVersionError
 */
export function checkVersion(method: string, header: HeaderReader): void {
  const version = header('Tus-Resumable')?.trim();
  if (version === TUS_VERSION) return;
  if (version === undefined && (method === 'HEAD' || method === 'GET')) return;
  throw new UnsupportedVersionError();
}
