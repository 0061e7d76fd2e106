/**
 * A name that Azure takes: that of a variable in C#. What it refuses is written as `_x2d_`, and so is what would be read
 * as such.
 */
export function metadataName(name: string): string {
  return name
    .replace(/_(?=x[0-9a-f]+_)/g, '_x5f_')
    .replace(/[^A-Za-z0-9_]/gu, code)
    .replace(/^[0-9]/, code);
}

/** RFC 2047 for what a header cannot carry as it is. */
export function metadataValue(value: string): string {
  return /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value)
    ? value
    : `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`;
}

function code(character: string): string {
  return `_x${(character.codePointAt(0) ?? 0).toString(16)}_`;
}
