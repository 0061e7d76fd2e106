import type { Session } from './session.js';

/** The text without characters that a terminal obeys: what servers and other clients say may have some. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '�');
}

/** The result, a line of JSON or a line of text. */
export function printResult(
  { stdout }: Session,
  { json }: { readonly json?: boolean | undefined },
  result: { readonly text: string | undefined; readonly json: object },
): void {
  if (json) stdout.write(`${JSON.stringify(result.json)}\n`);
  else if (result.text !== undefined) stdout.write(`${result.text}\n`);
}

export function printNote({ stderr }: Session, note: string): void {
  stderr.write(`${printable(note)}\n`);
}
