import { ENDPOINT } from './grammar.js';
import type { Model } from './model.js';
import type { Random } from '../random.js';
import type { RawRequest } from './raw-request.js';

/** Another spelling of the target, or another target. */
export function mutateTarget(request: RawRequest, random: Random, model: Model): void {
  const { target } = request;
  const id = target.slice(ENDPOINT.length + 1) || 'none';
  const kind = random.below(4);
  if (kind === 0) request.target = random.pick(spellings(target, id));
  else if (kind === 1) {
    request.target = random.pick(strangers(random, model));
  } else if (kind === 2) {
    request.target = random.pick(elsewhere(target, id));
    request.inside = false;
  } else {
    request.target = random.pick(malformed(target, id));
    request.inside = false;
    request.clean = false;
  }
}

/** The same to the server. */
function spellings(target: string, id: string): string[] {
  const encoded = [...id].map((char) => `%${char.charCodeAt(0).toString(16)}`).join('');
  return [`${target}/`, `${target}?a=b`, `${target}?`, `${ENDPOINT}/${encoded}`, `${target}?x=/../${id}`];
}

/** Ids that nothing has, and those of the dead. */
function strangers(random: Random, model: Model): string[] {
  const dead = model.dead.length > 0 ? random.pick(model.dead) : 'AAAAAAAAAAAAAAAAAAAAAA';
  return [
    ...[dead, 'x', '_', '%2e%2e', '%2e%2e%2fx', '..%2f..%2fetc%2fpasswd', '%00', 'a%00b', '%', '%zz', '%ff'],
    ...[
      '%c3%a9',
      'a%20b',
      'a%0d%0aX-Injected:%201',
      '%5c',
      '..%5c',
      'uploads.sqlite',
      '.tus',
      '%2etus',
      'a'.repeat(128),
    ],
    ...['a'.repeat(129), 'a'.repeat(5_000), '__proto__', 'constructor', '*', '+', '~', 'CON', `${dead}.1`],
  ].map((id) => `${ENDPOINT}/${id}`);
}

/** Perhaps the endpoint, perhaps not. */
function elsewhere(target: string, id: string): string[] {
  return [
    ...[
      '/',
      '*',
      '//',
      `/${target}`,
      `${ENDPOINT}//${id}`,
      `${ENDPOINT}/../${id}`,
      `${ENDPOINT}/.`,
      `${ENDPOINT}/..`,
    ],
    ...[`${ENDPOINT}/./${id}`, `${ENDPOINT}/x/../${id}`, `/x/..${target}`, `${target}/../../etc/passwd`],
    ...[`/FILES/${id}`, `/%66iles/${id}`, `${target}/below`, `${target};a=b`, `${ENDPOINT}x`, `${target}%2f`],
    ...[`http://uploads.example${target}`, `http://elsewhere.example:99999${target}`, `HTTP://[::1${target}`],
    ...[
      `ftp://uploads.example${target}`,
      `file://${target}`,
      `javascript://x${target}`,
      `//elsewhere.example${target}`,
    ],
    ...[
      '/etc/passwd',
      '/.tus/uploads.sqlite',
      `${ENDPOINT}/.tus/uploads.sqlite`,
      `${ENDPOINT}/.tus/work/${id}`,
    ],
  ];
}

function malformed(target: string, id: string): string[] {
  return [
    ...[
      `${target}\0`,
      `${ENDPOINT}/\xe9`,
      `${ENDPOINT}/\xff\xfe`,
      `${target} x`,
      `${target}\t`,
      '',
      'files',
      id,
    ],
    ...[
      `${target}#fragment`,
      `${ENDPOINT}\\${id}`,
      `${target}\rX`,
      `?${id}`,
      `${target}\x7f`,
      `http:${target}`,
    ],
    `${ENDPOINT}/${'a'.repeat(90_000)}`,
  ];
}
