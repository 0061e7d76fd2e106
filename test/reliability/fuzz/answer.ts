import type { Field } from './raw-request.js';

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly fields: readonly Field[];
  readonly body: Buffer;
  /** All of it, one character a byte. */
  readonly text: string;
}

export class MalformedAnswerError extends Error {}

export interface Reading {
  /** The method on the wire: the answer to a HEAD has no body. */
  readonly method: string;
  /** The server has closed the connection. */
  readonly ended: boolean;
}

/** The first answer in the bytes, and how many it takes; undefined if it is not all there. */
export function readAnswer(bytes: Buffer, reading: Reading): { answer: RawAnswer; size: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) {
    if (bytes.length > 0 && !'HTTP/1.1 '.startsWith(bytes.toString('latin1', 0, 9)))
      throw new MalformedAnswerError('There are bytes that are no answer.');
    return undefined;
  }
  const { status, fields } = readHead(bytes.toString('latin1', 0, end));
  const content = readBody(bytes.subarray(end + 4), { status, fields, reading });
  if (!content) return undefined;
  const size = end + 4 + content.size;
  return {
    answer: { status, fields, body: content.body, text: bytes.toString('latin1', 0, size) },
    size,
  };
}

/** All values of a field of the answer. */
export function valuesOf({ fields }: Pick<RawAnswer, 'fields'>, name: string): string[] {
  return fields.filter(([known]) => known.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

function readHead(head: string): { status: number; fields: Field[] } {
  const [line = '', ...rest] = head.split('\r\n');
  const status = /^HTTP\/1\.1 (\d{3}) [ -~]*$/.exec(line)?.[1];
  if (!status) throw new MalformedAnswerError(`This is no status line: ${JSON.stringify(line)}`);
  const fields = rest.map((text): Field => {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([\t -~\x80-\xff]*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined)
      throw new MalformedAnswerError(`This is no field: ${JSON.stringify(text)}`);
    return [name, value];
  });
  return { status: Number(status), fields };
}

interface Content {
  readonly body: Buffer;
  readonly size: number;
}

function readBody(
  bytes: Buffer,
  { status, fields, reading }: Pick<RawAnswer, 'status' | 'fields'> & { reading: Reading },
): Content | undefined {
  const lengths = valuesOf({ fields }, 'Content-Length');
  const encoded = valuesOf({ fields }, 'Transfer-Encoding');
  if (lengths.length + encoded.length > 1) throw new MalformedAnswerError('The length is said twice.');
  const empty = status < 200 || status === 204;
  // RFC 9112, 6.2 and 6.3.
  if (empty && lengths.length + encoded.length > 0)
    throw new MalformedAnswerError(`An answer with status ${status} announces a body.`);
  // Of what the parser refuses the platform does not know the method; such an answer has no date.
  const bodyless = reading.method === 'HEAD' && valuesOf({ fields }, 'Date').length > 0;
  if (empty || status === 304 || bodyless) return { body: Buffer.alloc(0), size: 0 };
  if (encoded.length > 0) return readChunks(bytes);
  const [length] = lengths;
  if (length === undefined) return reading.ended ? { body: bytes, size: bytes.length } : undefined;
  const size = Number(length);
  return bytes.length >= size ? { body: bytes.subarray(0, size), size } : undefined;
}

function readChunks(bytes: Buffer): Content | undefined {
  const pieces: Buffer[] = [];
  for (let at = 0; ;) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16);
    if (Number.isNaN(size)) throw new MalformedAnswerError('A chunk has no size.');
    const next = line + 2 + size + 2;
    if (bytes.length < next) return undefined;
    if (size === 0) return { body: Buffer.concat(pieces), size: next };
    pieces.push(bytes.subarray(line + 2, line + 2 + size));
    at = next;
  }
}
