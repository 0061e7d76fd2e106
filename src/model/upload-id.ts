/** What an id is made of: one segment of a URL that needs no escape, and one name of a file (CORE-28). */
const UPLOAD_ID = /^[A-Za-z0-9_-]{1,128}$/;

export function isUploadId(id: unknown): id is string {
  return typeof id === 'string' && UPLOAD_ID.test(id);
}
