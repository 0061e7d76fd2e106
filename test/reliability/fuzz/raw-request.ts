export type Field = readonly [name: string, value: string];

/** How the end of a body is told: fields of the head, and the bytes behind it. */
export interface Framed {
  readonly fields: readonly Field[];
  readonly bytes: Buffer;
}

/** A request as it goes over the wire; text has one character a byte. Mutations change it in place. */
export interface RawRequest {
  method: string;
  target: string;
  version: string;
  fields: Field[];
  body: Buffer;
  frame: (body: Buffer) => Framed;
  /** The server can tell where it ends, and gives exactly one answer. */
  clean: boolean;
  /** The target belongs to the endpoint, in whatever spelling. */
  inside: boolean;
}

export interface ChunkOptions {
  /** Bytes of a chunk. */
  readonly size?: number;
  /** Stands behind each size. */
  readonly extension?: string;
  readonly trailers?: readonly Field[];
}

export function withoutBody(): Framed {
  return { fields: [], bytes: Buffer.alloc(0) };
}

export function byLength(body: Buffer): Framed {
  return { fields: [['Content-Length', String(body.length)]], bytes: body };
}

/** Without a `Content-Length`, in chunks. */
export function chunked({ size = 4096, extension = '', trailers = [] }: ChunkOptions = {}) {
  return (body: Buffer): Framed => {
    const pieces: Buffer[] = [];
    for (let at = 0; at < body.length; at += size) {
      const piece = body.subarray(at, at + size);
      pieces.push(ascii(`${piece.length.toString(16)}${extension}\r\n`), piece, ascii('\r\n'));
    }
    const last = trailers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    pieces.push(ascii(`0${extension}\r\n${last}\r\n`));
    return { fields: [['Transfer-Encoding', 'chunked']], bytes: Buffer.concat(pieces) };
  };
}

/** Head and body on the wire. */
export function serialize(request: RawRequest): { head: Buffer; body: Buffer } {
  const { fields, bytes } = request.frame(request.body);
  const lines = [...request.fields, ...fields].map(([name, value]) => `${name}: ${value}\r\n`);
  const line = `${request.method} ${request.target} ${request.version}\r\n`;
  return { head: ascii(`${line}${lines.join('')}\r\n`), body: bytes };
}

export function fieldOf(request: RawRequest, name: string): string | undefined {
  return request.fields.find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1];
}

/** Puts a field in the place of all of that name; undefined takes them away. */
export function setField(request: RawRequest, name: string, value: string | undefined): void {
  request.fields = request.fields.filter(([known]) => known.toLowerCase() !== name.toLowerCase());
  if (value !== undefined) request.fields.push([name, value]);
}

export function ascii(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
