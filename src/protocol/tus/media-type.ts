const OFFSET_STREAM = 'application/offset+octet-stream';

/** Whether a `Content-Type` is the one of upload bytes; case and parameters do not matter (CORE-08). */
export function isOffsetStream(contentType: string | undefined): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === OFFSET_STREAM;
}
