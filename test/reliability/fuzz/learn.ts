import { valuesOf } from './answer.js';
import type { RawAnswer } from './answer.js';
import { ENDPOINT } from './grammar.js';
import type { Plan } from './grammar.js';
import { contentOf, isUntainted } from './model.js';
import type { FuzzUpload, Model } from './model.js';
import { checkDownload, must } from './oracle.js';
import { fieldOf } from './raw-request.js';
import type { RawRequest } from './raw-request.js';

export interface Outcome {
  /** Undefined if there was none, or the client did not wait for it. */
  readonly answer: RawAnswer | undefined;
  readonly mutated: boolean;
  /** A refusal has changed nothing: all of the request arrived, and its length was announced. */
  readonly certain: boolean;
}

/** Who is listed in a final may be pinned from then on, whatever becomes of the request. */
export function announce(model: Model, { request }: Plan): void {
  for (const partial of listed(model, request)) partial.shared = true;
}

/**
 * Draws from an answer what is so from now on.
 * @throws OracleError if it contradicts what was so before.
 */
export function learn(model: Model, plan: Plan, outcome: Outcome): void {
  const { answer, mutated } = outcome;
  const { upload, request } = plan;
  if (mayCreate(request) && leavesOpen(request, answer)) model.unanswered.push(request);
  if (answer?.status === 201) created(model, plan, answer, mutated);
  else if (answer?.status === 204) changed(model, plan, answer, mutated);
  else if (answer && answer.status < 300) shown(plan, answer, mutated);
  else if (upload && !(outcome.certain && answer)) doubt(plan, upload, outcome);
  if (!answer || !upload || mutated) return;
  // To who wants to download it, an upload is not there before it is complete (GET-02).
  if ([404, 410].includes(answer.status) && request.method !== 'GET') model.remove(upload);
  if (answer.status === 409) standsAt(upload, answer);
}

function mayCreate({ method, fields }: RawRequest): boolean {
  const overrides = fields.filter(([name]) => name.toLowerCase() === 'x-http-method-override');
  return [method, ...overrides.map(([, value]) => value.trim())].includes('POST');
}

/** A refused creation leaves nothing (CRE-22), but one whose body was cut off, or broke, may keep what came (CRE-24). */
function leavesOpen({ clean }: RawRequest, answer: RawAnswer | undefined): boolean {
  return !answer || (!clean && answer.status >= 400);
}

function listed(model: Model, request: RawRequest): FuzzUpload[] {
  const concat = request.fields.filter(([name]) => name.toLowerCase() === 'upload-concat');
  const text = concat.map(([, value]) => value).join(' ');
  return model.living.filter(({ id }) => text.includes(id));
}

function created(model: Model, { request, draft }: Plan, answer: RawAnswer, mutated: boolean): void {
  const location = valuesOf(answer, 'Location')[0] ?? '';
  const id = /^\/[^\s\\]*\/([A-Za-z0-9_-]{22})$/.exec(location)?.[1] ?? '';
  must(id !== '', `Location is no URL of an upload: ${location}`);
  must(mutated || location === `${ENDPOINT}/${id}`, `Location is elsewhere: ${location}`);
  const offset = offsetIn(answer);
  if (!mutated && draft) {
    const end = draft.kind === 'final' ? draft.length : draft.low;
    const unknown = draft.partials.some(({ length, tainted }) => tainted || length === null);
    must(unknown || offset === undefined || offset === end, `the offset is ${offset}, not ${end}`);
    return model.add({ ...draft, id });
  }
  const concat = fieldOf(request, 'Upload-Concat')?.trim() ?? '';
  const kind = concat.startsWith('final;') ? 'final' : concat === 'partial' ? concat : 'single';
  const partials = kind === 'final' ? listed(model, request) : [];
  const known = {
    id,
    kind,
    length: null,
    metadata: undefined,
    concat: undefined,
    salt: 0,
    partials,
  } as const;
  model.add({ ...known, low: offset ?? 0, high: offset ?? 0, tainted: true, shared: false, doubtful: false });
}

/** A PATCH, a DELETE or an OPTIONS has succeeded: its headers tell which. */
function changed(model: Model, { upload, request, length }: Plan, answer: RawAnswer, mutated: boolean): void {
  if (valuesOf(answer, 'Tus-Version').length + valuesOf(answer, 'Access-Control-Allow-Methods').length > 0)
    return;
  must(upload !== undefined, 'something has succeeded that asked for nothing');
  if (!upload) return;
  const offset = offsetIn(answer);
  if (offset === undefined) return model.remove(upload);
  must(offset >= upload.low, `the offset goes down from ${upload.low} to ${offset} (CORE-07)`);
  if (mutated) upload.tainted = true;
  else {
    const end = Number(fieldOf(request, 'Upload-Offset')) + request.body.length;
    must(offset === end, `the offset is ${offset} after bytes up to ${end} (CORE-12)`);
  }
  upload.low = upload.high = offset;
  if (length !== undefined) upload.length = length;
}

function shown({ upload, request }: Plan, answer: RawAnswer, mutated: boolean): void {
  if (mutated || !upload) return;
  if (request.method === 'GET') return checkDownload(answer, upload);
  if (request.method !== 'HEAD') return;
  const said = (name: string) => valuesOf(answer, name)[0];
  const same = (name: string, value: string | undefined) => {
    must(upload.tainted || said(name) === value, `${name} is ${said(name)}, not ${value}`);
  };
  same('Upload-Metadata', upload.metadata);
  if (upload.kind === 'final') {
    const offset = said('Upload-Offset');
    must(
      offset === undefined || offset === said('Upload-Length'),
      'a final has a part of its bytes (CON-19)',
    );
    if (offset !== undefined && isUntainted(upload)) same('Upload-Length', String(contentOf(upload).length));
    return;
  }
  same('Upload-Concat', upload.concat);
  if (upload.length !== null) same('Upload-Length', String(upload.length));
  standsAt(upload, answer);
}

function standsAt(upload: FuzzUpload, answer: RawAnswer): void {
  const offset = offsetIn(answer);
  // A 409 may have other reasons.
  if (offset === undefined) return must(answer.status !== 200, 'Upload-Offset is missing (CORE-05)');
  must(offset >= upload.low, `the offset goes down from ${upload.low} to ${offset} (CORE-07)`);
  if (upload.tainted) upload.high = Math.max(upload.high, offset);
  must(offset <= upload.high, `the offset is ${offset}, but no more than ${upload.high} bytes were sent`);
  upload.low = offset;
}

/** Some of the request may have been carried out. */
function doubt({ request, length }: Plan, upload: FuzzUpload, { answer, mutated }: Outcome): void {
  upload.high += request.body.length;
  if (mutated || length !== undefined) upload.tainted = true;
  // A DELETE goes on although the platform refuses a body that is broken.
  if ((answer && request.clean) || (!mutated && request.method !== 'DELETE')) return;
  for (const one of [upload, ...upload.partials]) one.doubtful = true;
}

function offsetIn(answer: RawAnswer): number | undefined {
  const text = valuesOf(answer, 'Upload-Offset')[0];
  must(text === undefined || /^\d+$/.test(text), `Upload-Offset is ${text}`);
  return text === undefined ? undefined : Number(text);
}
