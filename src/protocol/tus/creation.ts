import { ExtensionDisabledError } from '../../model/errors/extension-disabled.error.js';
import { InvalidHeaderError } from '../../model/errors/invalid-header.error.js';
import { InvalidMetadataError } from '../../model/errors/invalid-metadata.error.js';
import { Metadata } from '../../model/metadata.js';
import { parseConcatList } from './concat-list.js';
import type { ConcatContext } from './concat-list.js';
import type { TusExtension } from './extensions.js';
import type { HeaderReader } from './headers.js';
import { parseLength } from './integers.js';
import { parsed } from './parsed.js';
import type { Parsed } from './parsed.js';

/** A creation that will take bytes. */
export interface CreateCommand {
  readonly kind: 'single' | 'partial';
  /** Total bytes; null if it is to be said later. */
  readonly length: number | null;
  readonly metadata: string | null;
  readonly concat: string | null;
}

/** A creation that is made of uploads that exist. */
export interface CreateFinalCommand {
  readonly kind: 'final';
  readonly partialIds: readonly string[];
  readonly metadata: string | null;
  readonly concat: string;
}

export interface CreationContext extends ConcatContext {
  readonly extensions: readonly TusExtension[];
  /** Bytes of `Upload-Metadata` at most. */
  readonly maxMetadataBytes: number;
}

/** Whether a creation asks for a final: its content is refused before anything else is looked at (CON-10). */
export function isFinalCreation(header: HeaderReader): boolean {
  return header('Upload-Concat')?.trim().startsWith('final;') ?? false;
}

/** Reads the headers of a POST (CRE-02, CRE-03, CRE-10, CON-01, CON-02, CON-07, CON-09). */
export function parseCreation(
  header: HeaderReader,
  context: CreationContext,
): Parsed<CreateCommand | CreateFinalCommand> {
  return parsed(() => {
    const concat = header('Upload-Concat')?.trim();
    if (concat !== undefined && !context.extensions.includes('concatenation')) {
      throw new ExtensionDisabledError('concatenation');
    }
    if (concat === undefined || concat === 'partial') {
      return {
        kind: concat ?? 'single',
        length: readLength(header, context.extensions),
        metadata: readMetadata(header, context.maxMetadataBytes),
        concat: concat ?? null,
      };
    }
    if (!concat.startsWith('final;')) {
      throw new InvalidHeaderError(
        'Upload-Concat',
        'send "partial", or "final;" and the URLs of the partials.',
      );
    }
    refuseLength(header);
    return {
      kind: 'final',
      metadata: readMetadata(header, context.maxMetadataBytes),
      partialIds: parseConcatList(concat.slice('final;'.length), context),
      concat,
    };
  });
}

function readLength(header: HeaderReader, extensions: readonly TusExtension[]): number | null {
  const length = header('Upload-Length');
  const deferred = header('Upload-Defer-Length')?.trim();
  if (deferred !== undefined && deferred !== '1') {
    throw new InvalidHeaderError('Upload-Defer-Length', 'the only value is 1.');
  }
  if (length !== undefined && deferred !== undefined) {
    throw new InvalidHeaderError('Upload-Defer-Length', 'send it or Upload-Length, not both.');
  }
  if (length !== undefined) return parseLength(length);
  if (deferred === undefined) {
    throw new InvalidHeaderError(
      'Upload-Length',
      'send it, or Upload-Defer-Length: 1 if it is not known yet.',
    );
  }
  if (!extensions.includes('creation-defer-length'))
    throw new ExtensionDisabledError('creation-defer-length');
  return null;
}

function refuseLength(header: HeaderReader): void {
  for (const name of ['Upload-Length', 'Upload-Defer-Length']) {
    if (header(name) === undefined) continue;
    throw new InvalidHeaderError(name, 'a final upload is as long as its partials together; leave it out.');
  }
}

/** Checks the metadata and gives it back as it came, because HEAD echoes it byte for byte (CRE-11). */
function readMetadata(header: HeaderReader, maxBytes: number): string | null {
  const value = header('Upload-Metadata');
  // tuspy sends the header always, with or without a value.
  if (!value?.trim()) return null;
  // A header field is one byte a character.
  if (value.length > maxBytes) throw new InvalidMetadataError(`the header is longer than ${maxBytes} bytes`);
  Metadata.parse(value);
  return value;
}
