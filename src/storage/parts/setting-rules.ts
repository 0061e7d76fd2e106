import type { SettingRule } from './upload-settings.js';

/** What goes into a header: RFC 9110, section 5.5, without what is obsolete. */
export const HEADER_TEXT: SettingRule = {
  what: 'text of printable ASCII characters',
  is: (value) => typeof value === 'string',
  fits: (value) => /^[\x20-\x7e]*$/.test(String(value)),
};

export interface RecordLimits {
  /** Behind "must be". */
  readonly what: string;
  readonly fits: (entries: readonly (readonly [name: string, value: string])[]) => boolean;
}

/** A record of texts. */
export function textsRule({ what, fits }: RecordLimits): SettingRule {
  return { what, is: isTexts, fits: (value) => fits(Object.entries(value as Record<string, string>)) };
}

/** Bytes of names and values in all. */
export function bytesOf(entries: readonly (readonly [name: string, value: string])[]): number {
  return entries.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
}

function isTexts(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !isPlain(value)) return false;
  return Object.values(value).every((text) => typeof text === 'string');
}

/** No Map, Promise or Date, whose entries are none of its properties. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
