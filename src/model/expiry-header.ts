/**
 * The `Upload-Expires` of an answer about an upload that expires at this time, in milliseconds since 1970; nothing for
 * one that never does (EXP-02, EXP-03).
 */
export function expiryHeader(expiresAt: number | null): Readonly<Record<string, string>> {
  return expiresAt === null ? {} : { 'Upload-Expires': new Date(expiresAt).toUTCString() };
}
