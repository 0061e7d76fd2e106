import type { Model } from './model.js';
import { mutateConcat } from './mutate-concat.js';
import { mutateFraming } from './mutate-framing.js';
import { mutateTarget } from './mutate-target.js';
import type { Random } from '../random.js';
import { fieldOf, setField } from './raw-request.js';
import type { RawRequest } from './raw-request.js';

/** Makes one thing wrong, or odd, in a request. */
export function mutate(request: RawRequest, model: Model, random: Random): void {
  // The mutations before may have left none.
  if (request.fields.length === 0) setField(request, 'Host', '');
  random.weighted<(request: RawRequest, random: Random, model: Model) => void>([
    [2, mutateMethod],
    [4, mutateTarget],
    [6, mutateValue],
    [2, removeField],
    [2, mutateField],
    [3, mutateMetadata],
    [3, mutateConcat],
    [3, mutateChecksum],
    [4, mutateFraming],
    [2, addUnasked],
  ])(request, random, model);
}

const METHODS = ['PUT', 'GET', 'PROPFIND', 'TRACE', 'PATCH', 'DELETE', 'HEAD', 'POST', 'OPTIONS', 'SEARCH'];
const BROKEN_METHODS = ['patch', 'FOO', 'CONNECT', 'P OST', '', 'POST\t', 'PRI', '\0'];
const OVERRIDES = [
  'PATCH',
  'DELETE',
  'HEAD',
  'POST',
  'patch',
  'GET',
  'OPTIONS',
  'FOO',
  '',
  'PATCH, DELETE',
  '\xff',
];

function mutateMethod(request: RawRequest, random: Random): void {
  const kind = random.below(3);
  if (kind === 0) {
    const real = request.method;
    request.method = random.pick(['POST', 'GET', 'PUT']);
    setField(request, 'X-HTTP-Method-Override', random.chance(0.5) ? real : random.pick(OVERRIDES));
  } else if (kind === 1) {
    request.method = random.pick(METHODS);
  } else {
    request.method = random.pick(BROKEN_METHODS);
    request.clean = false;
  }
}

const NUMBERS = [
  ...['', ' ', '-1', '+1', '1.5', '1e3', '0x10', '007', '00000000000000000001', '9007199254740991'],
  ...['9007199254740992', '9007199254740993', '18446744073709551616', '1'.repeat(400), 'NaN', 'Infinity'],
  ...['1,1', '1, 2', '1 2', '\u00bd', '\u00b2', '1;q=1', 'true', 'null', '999999', '1000001', '0', '1'],
];
const TEXTS = [
  ...['', ' ', '\t', ',', ',,', ';', '=', '"', 'a'.repeat(9_000), '\xc3\xa9', '\xff\xfe', '\u0080', '%00'],
  ...['__proto__', 'constructor', '[object Object]', '${7*7}', "' OR 1=1 --", '1.0.0, 1.0.0', '0.2.2', '*'],
];
const VALUED = [
  ...['Tus-Resumable', 'Upload-Offset', 'Upload-Offset', 'Upload-Length', 'Upload-Length', 'Content-Type'],
  ...['Upload-Defer-Length', 'Upload-Metadata', 'Upload-Concat', 'Upload-Checksum', 'Trailer', 'Host'],
  ...['Origin', 'X-HTTP-Method-Override', 'Expect', 'Range', 'If-None-Match', 'Accept-Encoding', 'Cookie'],
  ...['X-Forwarded-Host', 'X-Forwarded-Proto', 'Forwarded', 'Upgrade', 'Upload-Complete', 'Content-Encoding'],
  ...['Upload-Draft-Interop-Version', 'Access-Control-Request-Method', '__proto__', 'Connection'],
];
/** Their values decide where the request ends, or who answers it. */
const FRAMING = ['expect', 'upgrade', 'connection', 'trailer', 'host'];

/** Another value for a field that it has, or should not have. */
function mutateValue(request: RawRequest, random: Random): void {
  const present = request.fields.map(([name]) => name);
  const name = random.chance(0.5) ? random.pick(present) : random.pick(VALUED);
  const numeric = /^upload-(offset|length)$/i.test(name);
  const value = random.weighted([
    [numeric ? 50 : 5, random.pick(NUMBERS)],
    [3, random.pick(TEXTS)],
    [1, random.latin1(random.below(40)).replaceAll(/[^\t -~\x80-\xff]/g, '?')],
  ]);
  // Some fields come several times.
  if (random.chance(0.25)) request.fields.push([name, value]);
  else setField(request, name, value);
  if (FRAMING.includes(name.toLowerCase())) request.clean = false;
}

function removeField(request: RawRequest, random: Random): void {
  const name = random.pick(request.fields)[0];
  setField(request, name, undefined);
  if (FRAMING.includes(name.toLowerCase())) request.clean = false;
}

/** The field itself is broken, or odd. */
function mutateField(request: RawRequest, random: Random): void {
  const index = random.below(request.fields.length);
  const [name, value] = request.fields[index] ?? ['Host', ''];
  const [odd, broken] = random.pick<readonly [readonly [string, string], boolean]>([
    [[name.toLowerCase(), value], false],
    [[name.toUpperCase(), value], false],
    [[name, `  ${value}\t `], false],
    [[name, value.replace(/.$/, '\u00e9')], false],
    [[`${name} `, value], true],
    [[` ${name}`, value], true],
    [[name, `${value}\r\n folded`], true],
    [[name, `\r\n ${value}`], true],
    [[name, `${value}\0`], true],
    [[name, `${value}\rX-Injected: 1`], true],
    [[name, `${value}\nX-Injected: 1`], true],
    [[`${name}\xe9`, value], true],
    [['', value], true],
    [[name, 'x'.repeat(100_000)], true],
  ]);
  request.fields[index] = odd;
  if (broken) request.clean = false;
}

function mutateMetadata(request: RawRequest, random: Random): void {
  const long = Buffer.alloc(random.pick([2_900, 3_100, 8_000]), 'x').toString('base64');
  const value = random.pick([
    ...[
      'a',
      'a ',
      'a  YQ==',
      'a YQ==,a YQ==',
      'a YQ==,',
      ',',
      'a YQ',
      'a Y',
      'a Y===',
      'a !!!!',
      'a YQ== YQ==',
    ],
    ...[
      '\xe9 YQ==',
      '__proto__ YQ==,constructor YQ==',
      'a\tYQ==',
      'filename Li4vLi4vYQ==',
      ' a YQ== ',
      'a YQ==',
    ],
    `a ${long}`,
    Array.from({ length: 200 }, (_, index) => `k${index} YQ==`).join(','),
    `filename ${Buffer.from(random.latin1(60), 'latin1').toString('base64')}`,
  ]);
  setField(request, 'Upload-Metadata', value);
}

function mutateChecksum(request: RawRequest, random: Random): void {
  const digest = Buffer.from(random.latin1(20), 'latin1').toString('base64');
  const wrong = `sha1 ${digest}`;
  const value = random.pick([
    ...[
      wrong,
      wrong,
      wrong,
      wrong,
      wrong,
      wrong,
      `sha1  ${digest}`,
      `sha1${digest}`,
      'sha1',
      'sha1 ',
      'sha1 !',
      `sha512 ${digest}`,
    ],
    ...[`SHA1 ${digest}`, `md5 ${digest}`, `sha1 ${digest}, sha1 ${digest}`, `sha1 ${digest.slice(0, -2)}`],
    ...[`crc32 ${digest}`, `__proto__ ${digest}`, `sha1 ${digest.repeat(50)}`],
  ]);
  if (random.chance(0.3))
    setField(request, 'Trailer', random.pick(['Upload-Checksum', 'X, upload-checksum', ',']));
  else setField(request, 'Upload-Checksum', value);
}

/** Fields of tus where they do not belong. */
function addUnasked(request: RawRequest, random: Random): void {
  const [name, value] = random.pick([
    ['Upload-Defer-Length', '1'],
    ['Upload-Length', '10'],
    ['Upload-Offset', '0'],
    ['Upload-Concat', 'partial'],
    ['Content-Type', 'application/json'],
    ['Content-Type', 'application/x-www-form-urlencoded'],
    ['Content-Type', 'Application/Offset+Octet-Stream; charset=utf-8'],
    ['Expect', '100-continue'],
    ['If-Match', '"x"'],
    ['Range', 'bytes=0-0,2-3'],
  ] as const);
  if (name === 'Expect') request.clean = false;
  // A second value is a list to whoever reads it.
  if (random.chance(0.3) && fieldOf(request, name) !== undefined) request.fields.push([name, value]);
  else setField(request, name, value);
}
