/** What the protocol, and the framing of an answer, alone may say. */
const OURS = /^(tus-.*|upload-.*|location|content-length|transfer-encoding|connection)$/i;

/** Whether the application has no say in a response header. */
export function isOurs(name: string): boolean {
  return OURS.test(name);
}
