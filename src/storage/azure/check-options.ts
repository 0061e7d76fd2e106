import { PartMemory } from '../parts/part-memory.js';
import { wrongSetting } from '../parts/upload-settings.js';
import { LARGEST_BLOCK, LEAST_BLOCK } from './options.js';
import type { AzureStorageOptions } from './options.js';
import { SETTING_RULES } from './setting-rules.js';

type Rule = [fix: string, allows: (value: unknown) => boolean];

/** learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata */
const CONTAINER = /^(\$root|[a-z0-9](-?[a-z0-9]){2,62})$/;
const LONGEST_PREFIX = 512;

const isText = (value: unknown) => typeof value === 'string' && value.trim() !== '';
const isObject = (value: unknown) => typeof value === 'object' && value !== null;
const isIn = (least: number, most: number) => (value: unknown) =>
  Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;

const YES_OR_NO: Rule = ['be true or false', (value) => typeof value === 'boolean'];

const RULES: Readonly<Record<keyof AzureStorageOptions, Rule>> = {
  container: [
    "be the name of a container: 3 to 63 lower-case letters, digits and single hyphens, for example 'uploads'",
    (value) => typeof value === 'string' && value.length <= 63 && CONTAINER.test(value),
  ],
  connectionString: [
    "be what the portal shows under access keys, for example 'DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…'",
    isText,
  ],
  client: [
    'be a client such as new BlobServiceClient(url, credential)',
    (value) =>
      isObject(value) && typeof (value as { getContainerClient?: unknown }).getContainerClient === 'function',
  ],
  prefix: [
    `be text that a name may begin with, of at most ${LONGEST_PREFIX} characters, for example 'uploads/'`,
    (value) => typeof value === 'string' && isPrefix(value),
  ],
  partSize: [
    'be whole bytes from 256 KiB (262144) to 4000 MiB (4194304000)',
    isIn(LEAST_BLOCK, LARGEST_BLOCK),
  ],
  partsInFlight: ['be a whole number from 1 to 100', isIn(1, 100)],
  memory: ['be a PartMemory', (value) => value instanceof PartMemory],
  overwrite: YES_OR_NO,
  requestTimeout: ['be whole milliseconds from 1 to 3600000', isIn(1, 60 * 60 * 1000)],
  checkContainer: YES_OR_NO,
  blob: ["be an object such as { contentType: 'video/mp4' }", isObject],
};

/** @throws TypeError that names the option, what it got, and what it wants. */
export function checkOptions(options: AzureStorageOptions): void {
  const given = { ...options } as Readonly<Record<string, unknown>>;
  for (const [name, [fix, allows]] of Object.entries(RULES)) {
    const value = given[name];
    if (value === undefined && name !== 'container') continue;
    if (!allows(value)) throw wrongOption(name, fix, value);
  }
  const setting = wrongSetting(options.blob ?? {}, SETTING_RULES);
  if (setting) throw wrongOption(`blob.${setting.name}`, setting.fix, setting.value);
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(RULES, name));
  if (unknown !== undefined)
    throw wrongOption(unknown, 'be left out: there is no such option', given[unknown]);
  const { client, connectionString } = options;
  if (client === undefined && connectionString === undefined) {
    throw wrongOption('connectionString', 'be given, or "client" in its place', undefined);
  }
  if (client !== undefined && connectionString !== undefined) {
    throw wrongOption('connectionString', 'be left out where "client" is given', connectionString);
  }
}

export function wrongOption(name: string, fix: string, value: unknown): TypeError {
  // A client or a connection string holds secrets.
  const secret =
    isObject(value) || typeof value === 'function' || (name === 'connectionString' && isText(value));
  const shown = secret ? `a value of type ${typeof value}` : JSON.stringify(value);
  return new TypeError(`AzureStorage: the option "${name}" must ${fix}; it is ${shown}.`);
}

function isPrefix(prefix: string): boolean {
  const segments = prefix.split('/').slice(0, -1);
  return (
    Buffer.from(prefix).toString() === prefix &&
    prefix.length <= LONGEST_PREFIX &&
    !/[\p{Cc}\uFFFE\uFFFF\\]/u.test(prefix) &&
    !segments.some((segment) => segment === '' || segment.endsWith('.'))
  );
}
