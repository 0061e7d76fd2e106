/** Bytes of a file name in UTF-8 at most, as file systems have it (GET-05). */
const MAX_NAME_BYTES = 255;
/** Bytes at the end of a long name that are kept for its extension. */
const MAX_EXTENSION_BYTES = 16;

/** Control characters and line separators, and what reverses text to hide an extension. */
const DANGEROUS = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069"]/gu;
/** Some browsers decode `%41` even where nothing is encoded (RFC 6266, appendix D). */
const PLAIN = /^[\x20-\x24\x26-\x7e]*$/;

/** The value of `Content-Disposition` (RFC 6266, GET-05); without a usable name the browser chooses one. */
export function contentDisposition(type: 'inline' | 'attachment', filename: string | undefined): string {
  const name = safeName(filename ?? '');
  if (name === '') return type;
  if (PLAIN.test(name)) return `${type}; filename="${name}"`;
  const fallback = name.replace(/[^\x20-\x7e]|%/gu, '_');
  return `${type}; filename="${fallback}"; filename*=UTF-8''${encoded(name)}`;
}

function safeName(filename: string): string {
  const last = filename.split(/[/\\]/).at(-1) ?? '';
  const name = shortened(last.replace(DANGEROUS, '').trim());
  return /^\.*$/.test(name) ? '' : name;
}

function shortened(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  const dot = name.lastIndexOf('.');
  const extension = dot < 0 ? '' : name.slice(dot);
  const kept = Buffer.byteLength(extension) <= MAX_EXTENSION_BYTES ? extension : '';
  let room = MAX_NAME_BYTES - Buffer.byteLength(kept);
  let stem = '';
  // Character by character, so that none is cut in two.
  for (const character of name) {
    room -= Buffer.byteLength(character);
    if (room < 0) break;
    stem += character;
  }
  return stem + kept;
}

/** Percent-encodes all but `attr-char` (RFC 8187, 3.2.1). */
function encoded(name: string): string {
  return encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
