/** Below the prefix, the place of everything that is not a finished object. */
export const WORK_FOLDER = '.tus/';

/** What no object store takes in a key, whatever else each of them refuses; undefined if there is nothing of it. */
export function problemOfText(key: string): string | undefined {
  if (Buffer.from(key).toString() !== key) return 'is not well-formed Unicode';
  // Lists of objects are XML 1.0, which has no place for these; nor have tools.
  if (/[\p{Cc}\uFFFE\uFFFF]/u.test(key)) return 'has a control character, or one that XML cannot hold';
  if (key.startsWith(WORK_FOLDER)) return `is inside "${WORK_FOLDER}", which belongs to the storage`;
  return undefined;
}

/** A key or an id as a message has it. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
