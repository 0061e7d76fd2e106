import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** What a server answered. */
export interface Answer {
  readonly status: number;
  /** Header fields, their names in lower case. */
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** Text; empty for HEAD, and cut off behind a mebibyte. */
  readonly body: string;
}

const MOST = 1024 * 1024;

/** Reads an answer to its end; what it says beyond a mebibyte is not kept. */
export async function answerOf(response: IncomingMessage): Promise<Answer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    if (size < MOST) pieces.push(piece);
    size += piece.length;
  }
  const body = Buffer.concat(pieces).toString('utf8');
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}

/** A header field that comes once at most. */
export function field(answer: Pick<Answer, 'headers'>, name: string): string | undefined {
  const value = answer.headers[name.toLowerCase()];
  return typeof value === 'string' ? value : undefined;
}

/** A header field that is a whole number; null for anything else. */
export function wholeNumber(answer: Pick<Answer, 'headers'>, name: string): number | null {
  const value = field(answer, name);
  return value !== undefined && /^\d+$/.test(value) && Number.isSafeInteger(Number(value))
    ? Number(value)
    : null;
}

export function isSuccess({ status }: Pick<Answer, 'status'>): boolean {
  return status >= 200 && status < 300;
}
