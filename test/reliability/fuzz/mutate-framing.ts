import type { Random } from '../random.js';
import { ascii, byLength, chunked, withoutBody } from './raw-request.js';
import type { Field, Framed, RawRequest } from './raw-request.js';

type Frame = RawRequest['frame'];

/** Another way to say, or to hide, where the body ends. */
export function mutateFraming(request: RawRequest, random: Random): void {
  if (request.body.length === 0) request.body = ascii(random.latin1(random.pick([0, 1, 20, 5_000])));
  const kind = random.below(10);
  if (kind === 0) request.frame = byLength;
  else if (kind <= 2) request.frame = random.pick(oddChunks(random));
  else {
    request.clean = false;
    if (kind <= 4) request.frame = random.pick(WRONG_LENGTHS);
    else if (kind <= 6) request.frame = random.pick(WRONG_CHUNKS);
    else if (kind === 7) request.frame = withFields(random.pick(ENCODINGS));
    else if (kind === 8) request.version = random.pick(VERSIONS);
    else request.frame = random.pick<Frame>([withoutBody, raw]);
  }
}

/** Odd, and right. */
function oddChunks(random: Random): Frame[] {
  return [
    chunked({ size: 1 + random.below(5_000) }),
    chunked({ extension: ';a=b' }),
    chunked({ extension: ';a="b;c"' }),
    chunked({ trailers: [['X-Other', '1']] }),
    chunked({ trailers: [['Upload-Checksum', 'sha1 x']] }),
    chunked({ trailers: [['Upload-Offset', '0']] }),
    chunked({ trailers: Array.from({ length: 50 }, (_, index): Field => [`X-${index}`, 'x'.repeat(500)]) }),
  ];
}

/** The bytes as they are, with nothing that announces them. */
function raw(body: Buffer): Framed {
  return { fields: [], bytes: body };
}

function withFields(fields: readonly Field[]): Frame {
  return (body) => ({ fields, bytes: chunked()(body).bytes });
}

function lengths(...values: ((length: number) => string)[]): Frame {
  return (body) => ({
    fields: values.map((value): Field => ['Content-Length', value(body.length)]),
    bytes: body,
  });
}

const WRONG_LENGTHS: readonly Frame[] = [
  lengths((length) => String(Math.max(0, length - 3))),
  lengths((length) => String(length + 3)),
  lengths((length) => String(length + 1_000_000)),
  lengths((length) => `+${length}`),
  lengths((length) => `-${length}`),
  lengths((length) => `${length}, ${length}`),
  lengths((length) => `${length}.0`),
  lengths(String, String),
  lengths(String, (length) => String(length + 1)),
  lengths(() => ''),
  lengths(() => 'abc'),
  lengths(() => '0x10'),
  lengths(() => '9223372036854775808'),
  lengths(() => '18446744073709551616'),
];

function brokenChunks(break_: (text: string) => string): Frame {
  return (body) => {
    const { fields, bytes } = chunked()(body);
    return { fields, bytes: ascii(break_(bytes.toString('latin1'))) };
  };
}

const WRONG_CHUNKS: readonly Frame[] = [
  chunked({ trailers: [['Content-Length', '5']] }),
  brokenChunks((text) => `zz\r\n${text}`),
  brokenChunks((text) => `FFFFFFFFFFFFFFFFF\r\n${text}`),
  brokenChunks((text) => `-1\r\n${text}`),
  brokenChunks((text) => `\r\n${text}`),
  brokenChunks((text) => `5\n${text}`),
  brokenChunks((text) => `5;${'a'.repeat(20_000)}\r\nhello\r\n${text}`),
  brokenChunks((text) => text.replace(/0\r\n\r\n$/, '')),
  brokenChunks((text) => text.replace(/\r\n\r\n$/, '\r\n')),
  brokenChunks((text) => text.replace(/\r\n\r\n$/, '\r\nbroken\r\n\r\n')),
  brokenChunks((text) => text.replace(/\r\n\r\n$/, '\r\nUpload-Checksum: a\0b\r\n\r\n')),
  brokenChunks((text) => text.replace(/\r\n\r\n$/, `\r\nX-Long: ${'x'.repeat(100_000)}\r\n\r\n`)),
  brokenChunks((text) => `2\r\nabcdef\r\n${text}`),
];

const ENCODINGS: readonly (readonly Field[])[] = [
  [
    ['Content-Length', '3'],
    ['Transfer-Encoding', 'chunked'],
  ],
  [
    ['Transfer-Encoding', 'chunked'],
    ['Content-Length', '3'],
  ],
  [['Transfer-Encoding', 'gzip, chunked']],
  [['Transfer-Encoding', 'chunked, gzip']],
  [['Transfer-Encoding', 'identity']],
  [['Transfer-Encoding', 'chunked, chunked']],
  [['Transfer-Encoding', ' chunked ']],
  [['Transfer-Encoding', 'Chunked']],
  [['Transfer-Encoding', 'xchunked']],
  [['Transfer-Encoding', '']],
  [['Transfer-Encoding ', 'chunked']],
  [
    ['Transfer-Encoding', 'chunked'],
    ['Transfer-Encoding', 'identity'],
  ],
];

const VERSIONS = [
  'HTTP/1.0',
  'HTTP/1.0',
  'HTTP/1.2',
  'HTTP/2.0',
  'HTTP/0.9',
  'HTTP/1',
  'http/1.1',
  'HTTP/9.9',
  '',
];
