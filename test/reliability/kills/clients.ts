import { call, create, patch, tus } from '../../support/raw-http.js';
import type { Random } from '../random.js';

const BYTES = { 'content-type': 'application/offset+octet-stream' };

/** What clients know: uploads whose completion they were told of, and their partials. */
export interface Known {
  readonly completed: Set<string>;
  readonly partials: Set<string>;
}

/** Uploads one after the other, of all kinds, until the server does not answer any more. */
export async function uploadUntilTheEnd(endpoint: string, random: Random, known: Known): Promise<void> {
  const ways = [inItsPost, inTwoRequests, merged, waitingFinal];
  try {
    for (;;) known.completed.add(await random.pick(ways)(endpoint, known));
  } catch (error) {
    if (isCut(error)) return;
    throw error;
  }
}

async function inItsPost(endpoint: string): Promise<string> {
  return idOf(await posted(endpoint, { 'upload-length': '5', ...BYTES }, 'hello'));
}

async function inTwoRequests(endpoint: string): Promise<string> {
  const url = await create(endpoint, { 'upload-length': '5' });
  await patched(url);
  return idOf(url);
}

async function merged(endpoint: string, known: Known): Promise<string> {
  const partials = [await partial(endpoint, known), await partial(endpoint, known)];
  for (const url of partials) await patched(url);
  return idOf(await final(endpoint, partials));
}

/** The last partial completes it. */
async function waitingFinal(endpoint: string, known: Known): Promise<string> {
  const partials = [await partial(endpoint, known), await partial(endpoint, known)];
  const url = await final(endpoint, partials);
  for (const one of partials) await patched(one);
  return idOf(url);
}

async function partial(endpoint: string, known: Known): Promise<string> {
  const url = await create(endpoint, { 'upload-concat': 'partial', 'upload-length': '5' });
  known.partials.add(idOf(url));
  return url;
}

async function final(endpoint: string, partials: readonly string[]): Promise<string> {
  const paths = partials.map((url) => new URL(url).pathname);
  return posted(endpoint, { 'upload-concat': `final;${paths.join(' ')}` });
}

async function posted(endpoint: string, headers: Record<string, string>, body = ''): Promise<string> {
  const answer = await call({ method: 'POST', url: endpoint, headers: tus(headers), body });
  if (answer.status !== 201) throw new Error(`POST answered ${answer.status}: ${answer.body.toString()}`);
  return new URL(String(answer.headers.location), endpoint).href;
}

async function patched(url: string): Promise<void> {
  const { status, body } = await patch(url, 0, 'hello');
  // A machine that stands still for seconds loses leases; a client tries again then (CLI-02).
  if (status === 423) return patched(url);
  if (status !== 204) throw new Error(`PATCH answered ${status}: ${body.toString()}`);
}

export function idOf(url: string): string {
  return url.split('/').at(-1) ?? '';
}

/** Whether a request was cut, as by the end of the server. */
export function isCut(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  return ['ECONNRESET', 'ECONNREFUSED', 'EPIPE'].includes(code);
}
