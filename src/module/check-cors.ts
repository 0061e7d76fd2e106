import { types } from 'node:util';
import { wrongOption } from './wrong-option.js';

/** A name of a header: a token of RFC 9110, 5.6.2. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

interface Rule {
  readonly fits: (value: unknown) => boolean;
  readonly fix: string;
}

const HEADER_NAMES: Rule = {
  fits: (value) =>
    Array.isArray(value) && value.every((name) => typeof name === 'string' && TOKEN.test(name)),
  fix: "give a list of header names such as ['X-Tenant']",
};

const RULES: Readonly<Record<string, Rule>> = {
  origin: {
    fits: (value) => isOrigin(value) || (Array.isArray(value) && value.every(isOrigin)),
    fix: "give a text such as 'https://app.example.com' or '*', a RegExp, or a list of them",
  },
  credentials: { fits: (value) => typeof value === 'boolean', fix: 'use true or false' },
  maxAge: {
    fits: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
    fix: 'use a whole number of seconds of 0 or more',
  },
  allowedHeaders: HEADER_NAMES,
  exposedHeaders: HEADER_NAMES,
};

/** @throws TusOptionError for `cors`, or for the first part of it that is wrong. */
export function checkCors(cors: unknown): void {
  if (cors === undefined || typeof cors === 'boolean') return;
  if (typeof cors !== 'object' || cors === null || Array.isArray(cors)) {
    throw wrongOption('cors', cors, "use true, false, or options such as { origin: 'https://example.com' }");
  }
  for (const [part, { fits, fix }] of Object.entries(RULES)) {
    const value: unknown = Reflect.get(cors, part);
    if (value !== undefined && !fits(value)) throw wrongOption(`cors.${part}`, value, fix);
  }
}

function isOrigin(value: unknown): boolean {
  return typeof value === 'string' || types.isRegExp(value);
}
