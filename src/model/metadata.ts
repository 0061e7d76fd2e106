import { InvalidMetadataError } from './errors/invalid-metadata.error.js';

/** Decoded `Upload-Metadata`: keys in the client's order, values as bytes or as UTF-8 text. */
export class Metadata implements Iterable<[key: string, value: Uint8Array]> {
  static readonly empty = new Metadata(new Map());

  private constructor(private readonly values: ReadonlyMap<string, Buffer>) {}

  /**
   * Decodes the value of an `Upload-Metadata` header (CRE-10).
   * @throws InvalidMetadataError for a key or a value that breaks the syntax, or a key that comes twice.
   */
  static parse(header: string | null | undefined): Metadata {
    if (!header?.trim()) return Metadata.empty;
    const values = new Map<string, Buffer>();
    for (const pair of header.split(',')) {
      const [key, value] = parsePair(pair.replace(/^[ \t]+|(?<!\t)\t+$/g, ''));
      if (values.has(key)) throw new InvalidMetadataError(`the key "${key}" comes twice`);
      values.set(key, value);
    }
    return new Metadata(values);
  }

  /**
   * Metadata from plain text values, for uploads that are created without HTTP.
   * @throws InvalidMetadataError for a key that is empty, not ASCII, or has a space or a comma.
   */
  static from(values: Readonly<Record<string, string>>): Metadata {
    const decoded = new Map<string, Buffer>();
    for (const [key, value] of Object.entries(values)) {
      checkKey(key);
      decoded.set(key, Buffer.from(value, 'utf8'));
    }
    return new Metadata(decoded);
  }

  /** The value as UTF-8 text; undefined if the key is missing. */
  get(key: string): string | undefined {
    return this.values.get(key)?.toString('utf8');
  }

  /** The value as the bytes that the client sent; undefined if the key is missing. */
  getBytes(key: string): Uint8Array | undefined {
    return this.values.get(key);
  }

  has(key: string): boolean {
    return this.values.has(key);
  }

  get size(): number {
    return this.values.size;
  }

  [Symbol.iterator](): IterableIterator<[string, Uint8Array]> {
    return this.values[Symbol.iterator]();
  }

  /** All values as text, in an object without a prototype, so that a key like `__proto__` is harmless (CRE-12). */
  toObject(): Record<string, string> {
    const object = Object.create(null) as Record<string, string>;
    for (const [key, value] of this.values) object[key] = value.toString('utf8');
    return object;
  }

  toJSON(): Record<string, string> {
    return this.toObject();
  }

  /** The value of an `Upload-Metadata` header; null if there is nothing to say. */
  toHeader(): string | null {
    if (this.values.size === 0) return null;
    return [...this.values]
      .map(([key, value]) => (value.length === 0 ? key : `${key} ${value.toString('base64')}`))
      .join(',');
  }
}

function parsePair(pair: string): [string, Buffer] {
  const space = pair.indexOf(' ');
  const key = space < 0 ? pair : pair.slice(0, space);
  // A trailing space is an empty value (tus-js-client writes it so); any other second space is an error.
  const value = space < 0 ? '' : pair.slice(space + 1).replace(/(?<![ \t])[ \t]+$/, '');
  checkKey(key);
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value) || !isBase64Length(value)) {
    throw new InvalidMetadataError(`the value of "${key}" is not base64`);
  }
  return [key, Buffer.from(value, 'base64')];
}

function isBase64Length(value: string): boolean {
  const digits = value.replace(/=+$/, '').length;
  // Missing padding is accepted; padding that is there must be right.
  return digits % 4 !== 1 && (digits === value.length || value.length % 4 === 0);
}

function checkKey(key: string): void {
  if (key === '') throw new InvalidMetadataError('a key is empty');
  if (!/^[\x21-\x2b\x2d-\x7e]+$/.test(key)) {
    throw new InvalidMetadataError(
      'a key has a character that is not allowed (ASCII without space and comma)',
    );
  }
}
