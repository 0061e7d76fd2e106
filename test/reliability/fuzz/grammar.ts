import { createHash } from 'node:crypto';
import { blank, bytesOf, contentOf, isOpen, isSure } from './model.js';
import type { FuzzUpload, Model } from './model.js';
import type { Random } from '../random.js';
import { byLength, chunked, setField, withoutBody } from './raw-request.js';
import type { RawRequest } from './raw-request.js';

export const ENDPOINT = '/files';
const LONGEST = 20_000;
const ALGORITHMS = ['sha1', 'sha256', 'md5'] as const;

/** A request, what it is about, and how it must be answered if nothing is wrong with it. */
export interface Plan {
  readonly request: RawRequest;
  /** The upload in its URL. */
  readonly upload?: FuzzUpload;
  /** The upload that it makes. */
  readonly draft?: FuzzUpload;
  /** The total length that a PATCH says. */
  readonly length?: number;
  /** Statuses that may be; undefined for any that is no fault of the server. */
  readonly expected?: readonly number[];
}

/** A request without faults, for what the lane has. */
export function planValid(model: Model, random: Random): Plan {
  const crowded = model.living.length > 25;
  const plan = random.weighted<(model: Model, random: Random) => Plan | undefined>([
    [crowded ? 5 : 22, planCreation],
    [30, planAppend],
    [20, planHead],
    [crowded ? 25 : 5, planDelete],
    [crowded ? 5 : 12, planFinal],
    [3, planOptions],
    [4, planRead],
  ])(model, random);
  return decorated(plan ?? planCreation(model, random), random);
}

function planCreation(_model: Model, random: Random): Plan {
  const kind = random.pick(['single', 'partial', 'partial'] as const);
  const length = random.chance(0.05) ? 0 : random.below(LONGEST);
  const deferred = random.chance(0.2);
  const metadata = random.chance(0.4) ? someMetadata(random) : undefined;
  const draft = newUpload(random, { kind, length: deferred ? null : length, metadata });
  const request = tus('POST', ENDPOINT);
  if (kind === 'partial') setField(request, 'Upload-Concat', 'partial');
  if (metadata !== undefined) setField(request, 'Upload-Metadata', metadata);
  if (deferred) setField(request, 'Upload-Defer-Length', '1');
  else setField(request, 'Upload-Length', String(length));
  if (random.chance(0.4)) {
    draft.low = draft.high = random.chance(0.5) ? length : random.below(length + 1);
    if (!deferred || random.chance(0.5)) addBody(request, random, bytesOf(draft.salt, 0, draft.low));
    else draft.low = draft.high = 0;
  }
  if (request.body.length > 0 && random.chance(0.1)) {
    // Refused when all of it has come: nothing may stay (CRE-22).
    request.frame = byLength;
    setField(request, 'Trailer', undefined);
    setField(request, 'Upload-Checksum', `sha1 ${createHash('sha1').digest('base64')}`);
    return { request, draft, expected: [460] };
  }
  return { request, draft, expected: [201] };
}

function planAppend(model: Model, random: Random): Plan | undefined {
  const upload = model.pick(random, isOpen) ?? model.pick(random, ({ kind }) => kind !== 'final');
  if (!upload) return undefined;
  const { low, salt } = upload;
  // Of what was cut off the length may be known wrongly.
  const rest = upload.length === null ? random.below(LONGEST) : Math.max(0, upload.length - low);
  const size = random.chance(0.6) ? rest : random.below(rest + 1);
  const request = tus('PATCH', urlOf(upload));
  setField(request, 'Upload-Offset', String(low));
  const length = upload.length === null && random.chance(0.6) ? low + rest : undefined;
  if (length !== undefined) setField(request, 'Upload-Length', String(length));
  addBody(request, random, bytesOf(salt, low, size));
  return { request, upload, ...(length !== undefined && { length }), ...ifSure(upload, [204]) };
}

function planHead(model: Model, random: Random): Plan | undefined {
  const upload = model.pick(random, () => true);
  if (!upload) return undefined;
  const expected = upload.doubtful || upload.tainted ? [200, 404, 410] : [200];
  return { request: tus('HEAD', urlOf(upload)), upload, expected };
}

function planDelete(model: Model, random: Random): Plan | undefined {
  const upload = model.pick(random, () => true);
  if (!upload) return undefined;
  const needed = upload.shared || upload.kind === 'final' ? [204, 409, 423] : [204];
  return { request: tus('DELETE', urlOf(upload)), upload, ...ifSure(upload, needed) };
}

function planFinal(model: Model, random: Random): Plan | undefined {
  const first = model.pick(random, ({ kind, low, length }) => kind === 'partial' && low === length);
  const others = Array.from({ length: random.below(5) }, () =>
    model.pick(random, (upload) => upload.kind === 'partial' && (random.chance(0.2) || !isOpen(upload))),
  );
  const partials = [first, ...others].filter((partial) => partial !== undefined);
  if (partials.length === 0) return undefined;
  const metadata = random.chance(0.4) ? someMetadata(random) : undefined;
  const concat = `final;${partials.map((partial) => referenceTo(partial, random)).join(' ')}`;
  const request = tus('POST', ENDPOINT);
  setField(request, 'Upload-Concat', concat);
  if (metadata !== undefined) setField(request, 'Upload-Metadata', metadata);
  const draft = newUpload(random, { kind: 'final', length: sumOf(partials), metadata, concat, partials });
  return { request, draft, ...(partials.every(isSure) && { expected: [201] }) };
}

function planOptions(_model: Model, random: Random): Plan {
  const request = blank('OPTIONS', ENDPOINT, withoutBody);
  if (random.chance(0.5)) {
    setField(request, 'Origin', 'https://app.example');
    setField(request, 'Access-Control-Request-Method', random.pick(['POST', 'PATCH', 'HEAD', 'DELETE']));
    setField(request, 'Access-Control-Request-Headers', 'tus-resumable, upload-offset');
  }
  return { request, expected: [204] };
}

function planRead(model: Model, random: Random): Plan | undefined {
  const upload = model.pick(random, () => true);
  if (!upload) return undefined;
  const request = blank('GET', urlOf(upload), withoutBody);
  const [range, statusOf] = random.pick(RANGES);
  setField(request, 'Range', range);
  // A final may not be merged yet.
  if (upload.kind === 'final' || !isSure(upload)) return { request, upload };
  if (upload.kind === 'partial' || isOpen(upload)) return { request, upload, expected: [404] };
  return { request, upload, expected: [statusOf(contentOf(upload).length)] };
}

/** With the status for an upload of a length; what is no range counts as none (GET-06). */
const RANGES: readonly (readonly [range: string | undefined, statusOf: (length: number) => number])[] = [
  [undefined, () => 200],
  ['bytes=9-1', () => 200],
  ['x', () => 200],
  ['bytes=0-', (length) => (length > 0 ? 206 : 416)],
  ['bytes=1-5', (length) => (length > 1 ? 206 : 416)],
  ['bytes=-7', (length) => (length > 0 ? 206 : 200)],
];

/** What makes no difference: who asks, and how the request arrives. */
function decorated(plan: Plan, random: Random): Plan {
  const { request } = plan;
  if (random.chance(0.1)) setField(request, 'Origin', 'https://app.example');
  if (random.chance(0.05) && request.body.length > 0) setField(request, 'Expect', '100-continue');
  if (random.chance(0.03)) setField(request, 'Connection', 'close');
  if (random.chance(0.05)) request.fields.reverse();
  return plan;
}

function addBody(request: RawRequest, random: Random, body: Buffer): void {
  request.body = body;
  setField(request, 'Content-Type', 'application/offset+octet-stream');
  const algorithm = random.pick(ALGORITHMS);
  const checksum = `${algorithm} ${createHash(algorithm).update(body).digest('base64')}`;
  const size = random.pick([1, 100, 4096, 65536]);
  const chunks = { size: body.length > 3_000 ? Math.max(size, 100) : size };
  random.weighted<() => void>([
    [5, () => (request.frame = byLength)],
    [2, () => (request.frame = chunked(chunks))],
    [
      2,
      () => {
        request.frame = byLength;
        setField(request, 'Upload-Checksum', checksum);
      },
    ],
    [
      1,
      () => {
        setField(request, 'Trailer', 'Upload-Checksum');
        request.frame = chunked({ ...chunks, trailers: [['Upload-Checksum', checksum]] });
      },
    ],
  ])();
}

export function tus(method: string, target: string): RawRequest {
  const request = blank(method, target, withoutBody);
  setField(request, 'Tus-Resumable', '1.0.0');
  return request;
}

export function urlOf({ id }: Pick<FuzzUpload, 'id'>): string {
  return `${ENDPOINT}/${id}`;
}

function referenceTo(upload: FuzzUpload, random: Random): string {
  const url = urlOf(upload);
  return random.pick([url, url, `http://uploads.example${url}`, `https://elsewhere.example${url}`]);
}

function ifSure(upload: FuzzUpload, expected: readonly number[]): Pick<Plan, 'expected'> {
  return isSure(upload) ? { expected } : {};
}

function sumOf(partials: readonly FuzzUpload[]): number | null {
  return partials.reduce<number | null>(
    (sum, { length }) => (sum === null || length === null ? null : sum + length),
    0,
  );
}

type Described = Pick<FuzzUpload, 'kind' | 'length' | 'metadata'> & Partial<FuzzUpload>;

function newUpload(random: Random, described: Described): FuzzUpload {
  const { kind } = described;
  return {
    id: '',
    concat: kind === 'partial' ? 'partial' : undefined,
    low: 0,
    high: 0,
    salt: random.below(256),
    partials: [],
    tainted: false,
    shared: false,
    doubtful: false,
    ...described,
  };
}

const NAMES = ['a.bin', '../../etc/passwd', 'ünïcödé ☃.txt', 'a\r\nX-Injected: 1', '\0', 'con', '"; x="'];

function someMetadata(random: Random): string {
  const name = Buffer.from(random.pick(NAMES)).toString('base64');
  const more = random.chance(0.5) ? `,filetype ${Buffer.from('text/html').toString('base64')}` : '';
  return `filename ${name}${more}${random.chance(0.3) ? ',empty' : ''}`;
}
