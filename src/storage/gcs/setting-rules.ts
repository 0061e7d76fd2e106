import { bytesOf, HEADER_TEXT, textsRule } from '../parts/setting-rules.js';
import type { SettingRules } from '../parts/upload-settings.js';
import { MARKER } from './object-settings.js';
import type { GcsObjectSettings } from './object-settings.js';

/** Bytes of the application's metadata: of the 8 KiB that the store allows the mark of the storage takes some. */
const MOST_METADATA = 8192 - 160;

/** Holds for the objects of unfinished uploads, too: partials have no other setting. */
export const WORK_RULES = { kmsKeyName: HEADER_TEXT };

export const SETTING_RULES: SettingRules<GcsObjectSettings> = {
  ...WORK_RULES,
  contentType: HEADER_TEXT,
  contentDisposition: HEADER_TEXT,
  cacheControl: HEADER_TEXT,
  metadata: textsRule({
    what: `texts by names, not "${MARKER}", of ${MOST_METADATA} bytes in all`,
    fits: (entries) =>
      entries.every(([name]) => name !== '' && name !== MARKER) && bytesOf(entries) <= MOST_METADATA,
  }),
  customTime: {
    what: 'a valid Date',
    is: (value) => value instanceof Date && !Number.isNaN(value.getTime()),
    fits: () => true,
  },
  storageClass: HEADER_TEXT,
};
