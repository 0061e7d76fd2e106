import { StorageError } from '../../model/errors/storage.error.js';
import type { Part } from '../../model/part.js';
import { crc32cText, parseCrc32c } from './crc32c.js';

/** An object that is a piece of another one. */
export interface Component {
  readonly name: string;
  /** The version of the object: only this one counts. */
  readonly generation: string;
  /** Bytes. */
  readonly length: number;
  readonly crc32c: number;
}

/** What has to be known of a part, as one text: its generation and its checksum. */
export function tagOf({ generation, crc32c }: Pick<Component, 'generation' | 'crc32c'>): string {
  return `${generation} ${crc32cText(crc32c)}`;
}

/** @throws StorageError of kind `missing` for the words of another storage */
export function componentOf({ tag, length }: Pick<Part, 'tag' | 'length'>, name: string): Component {
  const [generation = '', checksum = ''] = (tag ?? '').split(' ');
  const crc32c = parseCrc32c(checksum);
  if (/^\d+$/.test(generation) && !Number.isNaN(crc32c)) return { name, generation, length, crc32c };
  throw new StorageError('missing', 'A part on record is not one of GcsStorage.');
}
