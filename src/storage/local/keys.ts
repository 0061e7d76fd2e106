import { join } from 'node:path';
import { StorageError } from '../../model/errors/storage.error.js';
import { isUploadId } from '../../model/upload-id.js';

/** The folder inside the directory that belongs to the storage. */
export const HOME_FOLDER = '.tus';

const MAX_KEY_BYTES = 1024;
const MAX_SEGMENT_BYTES = 255;

/**
 * Refuses a key that could not become a path inside the directory, and only there, on every file system.
 * @throws StorageError of kind `conflict`.
 */
export function checkKey(key: string): void {
  const problem = problemOf(key);
  if (problem) throw new StorageError('conflict', `The key ${shown(key)} ${problem}.`);
}

/** The absolute path of the object with this key. @throws StorageError of kind `conflict` for a bad key. */
export function objectPath(directory: string, key: string): string {
  checkKey(key);
  return join(directory, ...key.split('/'));
}

/** Refuses an id that must not become part of a file name. @throws StorageError of kind `conflict`. */
export function checkId(id: string): void {
  if (!isUploadId(id)) throw new StorageError('conflict', `The id ${shown(id)} cannot name a file.`);
}

function problemOf(key: string): string | undefined {
  if (key === '') return 'is empty';
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `is longer than ${MAX_KEY_BYTES} bytes`;
  if (Buffer.from(key).toString() !== key) return 'is not well-formed Unicode';
  if (/\p{Cc}/u.test(key)) return 'has a control character';
  if (key.includes('\\')) return 'has a backslash; write "/" between folders';
  if (key.startsWith('/')) return 'begins with "/"; keys are relative';
  const segments = key.split('/');
  if (segments.includes('')) return 'has an empty part between, or after, "/"';
  if (segments.some((segment) => segment === '.' || segment === '..')) return 'has a part "." or ".."';
  if (segments.some((segment) => Buffer.byteLength(segment) > MAX_SEGMENT_BYTES)) {
    return `has a part longer than ${MAX_SEGMENT_BYTES} bytes`;
  }
  if (namesHomeFolder(segments[0] ?? '')) return `is inside "${HOME_FOLDER}", which belongs to the storage`;
  return undefined;
}

/**
 * File systems may not tell upper from lower case (also of `ſ`, which is an `s`), skip characters that are not seen, drop
 * dots and spaces at the end, and take a colon for the end of the name.
 */
function namesHomeFolder(segment: string): boolean {
  const [name = ''] = segment.replace(/\p{Default_Ignorable_Code_Point}/gu, '').split(':', 1);
  return name.replace(/[. ]*$/, '').toUpperCase() === HOME_FOLDER.toUpperCase();
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
