import { valuesOf } from './answer.js';
import type { RawAnswer } from './answer.js';
import type { Plan } from './grammar.js';
import { contentOf, isUntainted } from './model.js';
import type { FuzzUpload } from './model.js';

export class OracleError extends Error {}

/** Every field that an answer may have, whoever gives it. */
const KNOWN = new Set([
  ...['tus-resumable', 'tus-version', 'tus-extension', 'tus-max-size', 'tus-checksum-algorithm', 'location'],
  ...[
    'upload-offset',
    'upload-length',
    'upload-defer-length',
    'upload-metadata',
    'upload-concat',
    'upload-expires',
  ],
  ...['access-control-allow-origin', 'access-control-allow-methods', 'access-control-allow-headers', 'vary'],
  ...[
    'access-control-expose-headers',
    'access-control-max-age',
    'allow',
    'retry-after',
    'cache-control',
    'date',
  ],
  ...[
    'content-type',
    'content-length',
    'transfer-encoding',
    'connection',
    'keep-alive',
    'etag',
    'x-powered-by',
  ],
  ...['accept-ranges', 'content-range', 'content-disposition', 'x-content-type-options', 'last-modified'],
  ...['content-security-policy', 'cross-origin-resource-policy'],
]);
/** Of these a list would be a lie. */
const SINGLE = [
  'Tus-Resumable',
  'Location',
  'Upload-Offset',
  'Upload-Length',
  'Content-Type',
  'Retry-After',
  'Date',
];

/** @throws OracleError if nobody may be answered so, whatever the request was. */
export function checkAnswer(answer: RawAnswer, { request, expected }: Plan, mutated: boolean): void {
  const { status, fields } = answer;
  const has = (name: string) => valuesOf(answer, name).length > 0;
  must((status >= 200 && status < 500) || isExcused(answer), `it answers ${status}`);
  must(status < 300 || status >= 400 || status === 304, `it redirects with ${status} (CORE-26)`);
  for (const [name] of fields) must(KNOWN.has(name.toLowerCase()), `nobody sends a field ${name}`);
  for (const name of SINGLE) must(valuesOf(answer, name).length <= 1, `${name} comes twice`);
  // What Node's parser refuses has no date.
  const byNode = !request.clean && [400, 413, 431].includes(status) && !(has('Date') && has('Content-Type'));
  if (!byNode && request.inside && request.method !== 'OPTIONS')
    must(valuesOf(answer, 'Tus-Resumable').join() === '1.0.0', 'Tus-Resumable is missing (CORE-02)');
  if (request.inside) {
    must(status !== 405 || has('Allow'), 'a 405 has no Allow (CORE-24)');
    // A GET knows no versions: its 412 is about If-Match (GET-07).
    const ofVersion = status === 412 && request.method !== 'GET';
    must(!ofVersion || has('Tus-Version'), 'a 412 has no Tus-Version (CORE-01)');
  }
  if (status >= 400) checkText(answer.body.toString('latin1'));
  if (!mutated && expected)
    must(expected.includes(status), `it answers ${status}, not ${expected.join(' or ')}`);
}

/** @throws OracleError if a download has other bytes than were sent, or than it says (GET-02, GET-06). */
export function checkDownload(answer: RawAnswer, upload: FuzzUpload): void {
  if (!isUntainted(upload)) return;
  const content = contentOf(upload);
  const range = valuesOf(answer, 'Content-Range')[0];
  must((answer.status === 206) === (range !== undefined), 'a range is not told, or told of a whole');
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range ?? '') ?? [];
  must(range === undefined || Number(total) === content.length, `the range is ${range} of ${content.length}`);
  const wanted = range === undefined ? content : content.subarray(Number(first), Number(last) + 1);
  must(
    answer.body.equals(wanted),
    `the ${answer.body.length} bytes of the download are not those that were sent`,
  );
}

/** @throws OracleError with what is wrong, unless it holds. */
export function must(holds: boolean, wrong: string): void {
  if (!holds) throw new OracleError(wrong);
}

/** The only faults of a server that a client may cause: it is busy, or its disk is full. */
function isExcused(answer: RawAnswer): boolean {
  if (answer.status === 503) return valuesOf(answer, 'Retry-After').length === 1;
  return answer.status === 507;
}

/** Errors tell nothing of the server's inside (CORE-25). */
function checkText(body: string): void {
  must(!/\n\s+at |node_modules|SQLITE_/.test(body), `an error tells too much: ${body}`);
}
