import { constants } from 'node:buffer';
import { PartMemory } from '../parts/part-memory.js';
import { wrongSetting } from '../parts/upload-settings.js';
import { LARGEST_PART, LEAST_PART, MOST_PARTS } from './options.js';
import type { S3StorageOptions } from './options.js';
import { SETTING_RULES } from './setting-rules.js';

/** A part is one buffer: Node 20 has none above 4 GiB, S3 no part above 5 GiB. */
const MOST_PART_SIZE = Math.min(LARGEST_PART, constants.MAX_LENGTH);

type Rule = [fix: string, allows: (value: unknown) => boolean];

const isText = (value: unknown) => typeof value === 'string' && value.trim() !== '';
const isObject = (value: unknown) => typeof value === 'object' && value !== null;
const isIn = (least: number, most: number) => (value: unknown) =>
  Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;

const YES_OR_NO: Rule = ['be true or false', (value) => typeof value === 'boolean'];

const RULES: Readonly<Record<keyof S3StorageOptions, Rule>> = {
  bucket: [
    "be the name of a bucket, for example 'uploads'",
    (value) => isText(value) && !String(value).includes('/'),
  ],
  client: [
    'be a client such as new S3Client({ region })',
    (value) => isObject(value) && typeof (value as { send?: unknown }).send === 'function',
  ],
  clientConfig: ['be an object such as { region, endpoint }', isObject],
  prefix: [
    "be text that a key may begin with, of at most 512 bytes, for example 'uploads/'",
    (value) => typeof value === 'string' && isPrefix(value),
  ],
  partSize: [
    `be whole bytes from 5 MiB (5242880) to ${MOST_PART_SIZE}, the most that S3 and Node can hold`,
    isIn(LEAST_PART, MOST_PART_SIZE),
  ],
  maxParts: [`be a whole number from 1 to ${MOST_PARTS}`, isIn(1, MOST_PARTS)],
  equalParts: YES_OR_NO,
  partsInFlight: ['be a whole number from 1 to 100', isIn(1, 100)],
  memory: ['be a PartMemory', (value) => value instanceof PartMemory],
  overwrite: YES_OR_NO,
  conditionalWrites: YES_OR_NO,
  signPayload: YES_OR_NO,
  requestTimeout: ['be whole milliseconds from 1 to 3600000', isIn(1, 60 * 60 * 1000)],
  maxUnfinishedAge: ['be whole milliseconds from 1 on', isIn(1, Number.MAX_SAFE_INTEGER)],
  checkBucket: YES_OR_NO,
  object: ["be an object such as { contentType: 'video/mp4' }", isObject],
};

/** @throws TypeError that names the option, what it got, and what it wants. */
export function checkOptions(options: S3StorageOptions): void {
  const given = { ...options } as Readonly<Record<string, unknown>>;
  for (const [name, [fix, allows]] of Object.entries(RULES)) {
    const value = given[name];
    if (value === undefined && name !== 'bucket') continue;
    if (!allows(value)) throw wrong(name, fix, value);
  }
  const setting = wrongSetting(options.object ?? {}, SETTING_RULES);
  if (setting) throw wrong(`object.${setting.name}`, setting.fix, setting.value);
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(RULES, name));
  if (unknown !== undefined) throw wrong(unknown, `be left out: there is no such option`, given[unknown]);
  if (given['client'] !== undefined && given['clientConfig'] !== undefined) {
    throw wrong('clientConfig', 'be left out where "client" is given', given['clientConfig']);
  }
}

function isPrefix(prefix: string): boolean {
  const segments = prefix.split('/').slice(0, -1);
  return (
    Buffer.from(prefix).toString() === prefix &&
    Buffer.byteLength(prefix) <= 512 &&
    !/[\p{Cc}\uFFFE\uFFFF]/u.test(prefix) &&
    !segments.some((segment) => segment === '' || segment === '.' || segment === '..')
  );
}

function wrong(name: string, fix: string, value: unknown): TypeError {
  // A client or a configuration may hold secrets.
  const shown =
    isObject(value) || typeof value === 'function'
      ? `a value of type ${typeof value}`
      : JSON.stringify(value);
  return new TypeError(`S3Storage: the option "${name}" must ${fix}; it is ${shown}.`);
}
