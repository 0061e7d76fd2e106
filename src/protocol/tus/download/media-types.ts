/** Types and subtypes as they may be registered (RFC 6838, 4.2), without parameters. */
const PLAIN_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;

/** What a browser may show without running any of it (GET-04). HTML, SVG, XML and PDF must never be added. */
const INLINE_TYPES: ReadonlySet<string> = new Set([
  'text/plain',
  ...['image/png', 'image/jpeg', 'image/gif', 'image/bmp', 'image/webp'],
  ...['audio/wave', 'audio/wav', 'audio/x-wav', 'audio/x-pn-wav', 'audio/webm', 'audio/ogg'],
  ...['video/mp4', 'video/webm', 'video/ogg', 'application/ogg'],
]);

/** The media type that the client gave as `filetype`, if it is one; else plain bytes (GET-03). */
export function mediaTypeOf(filetype: string | undefined): string {
  const type = filetype?.toLowerCase() ?? '';
  return PLAIN_TYPE.test(type) ? type : 'application/octet-stream';
}

/** How a browser is to treat the type: as a file to be saved, unless it is known to be harmless (GET-04). */
export function dispositionOf(mediaType: string): 'inline' | 'attachment' {
  return INLINE_TYPES.has(mediaType) ? 'inline' : 'attachment';
}
