import type { TusOptionError } from '../../model/errors/tus-option.error.js';
import {
  checkStorageOptions,
  COMMON_RULES,
  isIn,
  isObject,
  isText,
  YES_OR_NO,
} from '../parts/option-rules.js';
import type { OptionRules } from '../parts/option-rules.js';
import { wrongOption } from '../parts/wrong-option.js';
import { LARGEST_BLOCK, LEAST_BLOCK } from './options.js';
import type { AzureStorageOptions } from './options.js';
import { SETTING_RULES } from './setting-rules.js';

/** learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata */
const CONTAINER = /^[a-z0-9](-?[a-z0-9]){2,62}$/;
const LONGEST_PREFIX = 512;

const RULES: OptionRules<AzureStorageOptions> = {
  ...COMMON_RULES,
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
  checkContainer: YES_OR_NO,
  blob: ["be an object such as { contentType: 'video/mp4' }", isObject],
};

/** @throws TusOptionError that names the option, what it got, and what it wants. */
export function checkOptions(options: AzureStorageOptions): void {
  const settings = { option: 'blob', rules: SETTING_RULES } as const;
  checkStorageOptions(options, { owner: 'AzureStorage', rules: RULES, required: 'container', settings });
  const { client, connectionString } = options;
  if (client === undefined && connectionString === undefined) {
    throw wrongConnection('be given, or "client" in its place');
  }
  if (client !== undefined && connectionString !== undefined) {
    throw wrongConnection('be left out where "client" is given');
  }
}

/** What it is has a key in it. */
export function wrongConnection(fix: string): TusOptionError {
  return wrongOption('AzureStorage', { name: 'connectionString', fix });
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
