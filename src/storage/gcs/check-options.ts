import {
  BUCKET_PREFIX,
  checkStorageOptions,
  COMMON_RULES,
  isIn,
  isObject,
  isText,
  YES_OR_NO,
} from '../parts/option-rules.js';
import type { OptionRules } from '../parts/option-rules.js';
import { wrongOption } from '../parts/wrong-option.js';
import type { GcsStorageOptions } from './options.js';
import { SETTING_RULES } from './setting-rules.js';

const RULES: OptionRules<GcsStorageOptions> = {
  ...COMMON_RULES,
  bucket: [
    "be the name of a bucket, for example 'uploads', without gs://",
    (value) => isText(value) && !String(value).includes('/'),
  ],
  client: [
    'be a client such as new Storage({ projectId })',
    (value) => isObject(value) && isObject((value as { authClient?: unknown }).authClient),
  ],
  clientConfig: ['be an object such as { projectId, keyFilename }', isObject],
  prefix: BUCKET_PREFIX,
  partSize: [
    'be whole bytes from 256 KiB (262144) to 1 GiB (1073741824)',
    isIn(256 * 1024, 1024 * 1024 * 1024),
  ],
  checkBucket: YES_OR_NO,
  object: ["be an object such as { contentType: 'video/mp4' }", isObject],
};

/** @throws TusOptionError that names the option, what it got, and what it wants. */
export function checkOptions(options: GcsStorageOptions): void {
  const owner = 'GcsStorage';
  const settings = { option: 'object', rules: SETTING_RULES } as const;
  checkStorageOptions(options, { owner, rules: RULES, required: 'bucket', settings });
  const { client, clientConfig: value } = options;
  if (client === undefined || value === undefined) return;
  throw wrongOption(owner, { name: 'clientConfig', fix: 'be left out where "client" is given', value });
}
