import { bytesOf, HEADER_TEXT, textsRule } from '../parts/setting-rules.js';
import type { SettingRules } from '../parts/upload-settings.js';
import { metadataName } from './blob-metadata.js';
import { encoded } from './blob-settings.js';
import type { AzureBlobSettings } from './blob-settings.js';
import { MARKER } from './marker.js';

/** Bytes of the application's metadata: of the 8 KiB that Azure allows the mark of the storage takes some. */
const MOST_METADATA = 8192 - 160;
const MOST_TAGS = 10;

/** learn.microsoft.com/rest/api/storageservices/set-blob-tags */
const tags = textsRule({
  what: 'at most 10 texts of 256 characters by names of 128, of ASCII letters, digits, spaces and + - . / : = _',
  fits: (entries) =>
    entries.length <= MOST_TAGS &&
    entries.every(([name, value]) => name !== '' && isTag(name, 128) && isTag(value, 256)),
});

/** Holds for the blobs of unfinished uploads, too: partials have no other setting. */
export const WORK_RULES = { encryptionScope: HEADER_TEXT };

export const SETTING_RULES: SettingRules<AzureBlobSettings> = {
  ...WORK_RULES,
  contentType: HEADER_TEXT,
  contentDisposition: HEADER_TEXT,
  cacheControl: HEADER_TEXT,
  metadata: textsRule({
    what: `texts by names that differ in more than case, not "${MARKER}", of ${MOST_METADATA} bytes in all as they are encoded`,
    fits: (entries) =>
      entries.every(([name]) => name !== '' && name.toLowerCase() !== MARKER) &&
      // They are names of headers.
      new Set(entries.map(([name]) => metadataName(name).toLowerCase())).size === entries.length &&
      bytesOf(Object.entries(encoded(Object.fromEntries(entries)))) <= MOST_METADATA,
  }),
  tags,
  tier: HEADER_TEXT,
};

function isTag(text: string, most: number): boolean {
  return text.length <= most && /^[A-Za-z0-9 +\-./:=_]*$/.test(text);
}
