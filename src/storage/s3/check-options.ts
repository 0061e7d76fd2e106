import { constants } from 'node:buffer';
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
import { LARGEST_PART, LEAST_PART, MOST_PARTS } from './options.js';
import type { S3StorageOptions } from './options.js';
import { SETTING_RULES } from './setting-rules.js';

/** A part is one buffer: Node 20 has none above 4 GiB, S3 no part above 5 GiB. */
const MOST_PART_SIZE = Math.min(LARGEST_PART, constants.MAX_LENGTH);

const RULES: OptionRules<S3StorageOptions> = {
  ...COMMON_RULES,
  bucket: [
    "be the name of a bucket, for example 'uploads'",
    (value) => isText(value) && !String(value).includes('/'),
  ],
  client: [
    'be a client such as new S3Client({ region })',
    (value) => isObject(value) && typeof (value as { send?: unknown }).send === 'function',
  ],
  clientConfig: ['be an object such as { region, endpoint }', isObject],
  prefix: BUCKET_PREFIX,
  partSize: [
    `be whole bytes from 5 MiB (5242880) to ${MOST_PART_SIZE}, the most that S3 and Node can hold`,
    isIn(LEAST_PART, MOST_PART_SIZE),
  ],
  maxParts: [`be a whole number from 1 to ${MOST_PARTS}`, isIn(1, MOST_PARTS)],
  equalParts: YES_OR_NO,
  conditionalWrites: YES_OR_NO,
  signPayload: YES_OR_NO,
  maxUnfinishedAge: ['be whole milliseconds from 1 on', isIn(1, Number.MAX_SAFE_INTEGER)],
  checkBucket: YES_OR_NO,
  object: ["be an object such as { contentType: 'video/mp4' }", isObject],
};

/** @throws TusOptionError that names the option, what it got, and what it wants. */
export function checkOptions(options: S3StorageOptions): void {
  const owner = 'S3Storage';
  const settings = { option: 'object', rules: SETTING_RULES } as const;
  checkStorageOptions(options, { owner, rules: RULES, required: 'bucket', settings });
  const { client, clientConfig: value } = options;
  if (client === undefined || value === undefined) return;
  throw wrongOption(owner, { name: 'clientConfig', fix: 'be left out where "client" is given', value });
}
