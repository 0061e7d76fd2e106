import { PartMemory } from '../parts/part-memory.js';
import { wrongSetting } from '../parts/upload-settings.js';
import type { GcsStorageOptions } from './options.js';
import { SETTING_RULES } from './setting-rules.js';

type Rule = [fix: string, allows: (value: unknown) => boolean];

const isText = (value: unknown) => typeof value === 'string' && value.trim() !== '';
const isObject = (value: unknown) => typeof value === 'object' && value !== null;
const isIn = (least: number, most: number) => (value: unknown) =>
  Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;

const YES_OR_NO: Rule = ['be true or false', (value) => typeof value === 'boolean'];

const RULES: Readonly<Record<keyof GcsStorageOptions, Rule>> = {
  bucket: [
    "be the name of a bucket, for example 'uploads', without gs://",
    (value) => isText(value) && !String(value).includes('/'),
  ],
  client: [
    'be a client such as new Storage({ projectId })',
    (value) => isObject(value) && isObject((value as { authClient?: unknown }).authClient),
  ],
  clientConfig: ['be an object such as { projectId, keyFilename }', isObject],
  prefix: [
    "be text that a key may begin with, of at most 512 bytes, for example 'uploads/'",
    (value) => typeof value === 'string' && isPrefix(value),
  ],
  partSize: [
    'be whole bytes from 256 KiB (262144) to 1 GiB (1073741824)',
    isIn(256 * 1024, 1024 * 1024 * 1024),
  ],
  partsInFlight: ['be a whole number from 1 to 100', isIn(1, 100)],
  memory: ['be a PartMemory', (value) => value instanceof PartMemory],
  overwrite: YES_OR_NO,
  requestTimeout: ['be whole milliseconds from 1 to 3600000', isIn(1, 60 * 60 * 1000)],
  checkBucket: YES_OR_NO,
  object: ["be an object such as { contentType: 'video/mp4' }", isObject],
};

/** @throws TypeError that names the option, what it got, and what it wants. */
export function checkOptions(options: GcsStorageOptions): void {
  const given = { ...options } as Readonly<Record<string, unknown>>;
  for (const [name, [fix, allows]] of Object.entries(RULES)) {
    const value = given[name];
    if (value === undefined && name !== 'bucket') continue;
    if (!allows(value)) throw wrong(name, fix, value);
  }
  const setting = wrongSetting(options.object ?? {}, SETTING_RULES);
  if (setting) throw wrong(`object.${setting.name}`, setting.fix, setting.value);
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(RULES, name));
  if (unknown !== undefined) throw wrong(unknown, 'be left out: there is no such option', given[unknown]);
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
  return new TypeError(`GcsStorage: the option "${name}" must ${fix}; it is ${shown}.`);
}
