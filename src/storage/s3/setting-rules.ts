import { ObjectCannedACL, ServerSideEncryption } from '@aws-sdk/client-s3';
import { bytesOf, HEADER_TEXT, textsRule } from '../parts/setting-rules.js';
import type { SettingRule, SettingRules } from '../parts/upload-settings.js';
import { MARKER } from './marker.js';
import { headerText } from './object-settings.js';
import type { S3ObjectSettings } from './object-settings.js';

/**
 * Bytes of the application's metadata: of the 2 KiB that S3 allows the mark of the storage takes some. Some stores count
 * `x-amz-meta-` in front of each name, too (seen on MinIO).
 */
const MOST_METADATA = 1874;
const META_PREFIX = 'x-amz-meta-';
const MOST_TAGS = 10;

const metadata = textsRule({
  what: `texts by names for headers, not "${MARKER}", of ${MOST_METADATA} bytes in all with x-amz-meta- in front of each`,
  fits: (entries) =>
    entries.every(([name]) => isToken(name) && name.toLowerCase() !== MARKER) &&
    bytesOf(entries.map(([name, value]) => [META_PREFIX + name, headerText(value)])) <= MOST_METADATA,
});

/** docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
const tags = textsRule({
  what: 'at most 10 texts of 256 characters by names of 128, of letters, digits, spaces and + - = . _ : / @, not "aws:" first',
  fits: (entries) =>
    entries.length <= MOST_TAGS && entries.every(([name, value]) => isTagName(name) && isTag(value, 256)),
});

/** Those that every version of the SDK calculates by itself; it has the names of more. */
const CHECKSUMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'];

/** Encryption is for the objects of unfinished uploads, too: partials have no other setting. */
export const WORK_RULES = { encryption: oneOf(ServerSideEncryption), kmsKeyId: HEADER_TEXT };

export const SETTING_RULES: SettingRules<S3ObjectSettings> = {
  ...WORK_RULES,
  contentType: HEADER_TEXT,
  contentDisposition: HEADER_TEXT,
  cacheControl: HEADER_TEXT,
  metadata,
  tags,
  storageClass: HEADER_TEXT,
  acl: oneOf(ObjectCannedACL),
  checksumAlgorithm: oneOf(CHECKSUMS),
};

function oneOf(known: Readonly<Record<string, string>> | readonly string[]): SettingRule {
  const values = Object.values(known);
  return {
    what: `one of ${values.join(', ')}`,
    is: (value) => typeof value === 'string',
    fits: (value) => values.includes(String(value)),
  };
}

/** RFC 9110, section 5.6.2 */
function isToken(text: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text);
}

/** Names that begin with `aws:` are for Amazon. */
function isTagName(name: string): boolean {
  return name !== '' && isTag(name, 128) && !/^aws:/i.test(name);
}

function isTag(text: string, most: number): boolean {
  return text.length <= most && /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(text);
}
