import { OptionResultError } from '../../model/errors/option-result.error.js';
import { StorageError } from '../../model/errors/storage.error.js';
import { Metadata } from '../../model/metadata.js';
import type { NewStoredUpload, StoredUpload } from '../upload-storage.js';
import type { WrongOption } from './wrong-option.js';

/** An upload whose object is about to be made. The key of a partial is null. */
export interface ObjectUpload extends Pick<StoredUpload, 'id' | 'kind' | 'key' | 'length'> {
  /** `Upload-Metadata`, decoded. */
  readonly metadata: Metadata;
}

/** A value, or a function of the upload that gives one; undefined leaves the choice to the store. */
export type OfUpload<T> = T | ((upload: ObjectUpload) => T | undefined);

/** What the value of a setting has to be. */
export interface SettingRule {
  /** Behind "must be". */
  readonly what: string;
  /** Whether it is of the right kind: otherwise the application is at fault, whatever a client has sent. */
  readonly is: (value: unknown) => boolean;
  /** Whether the store can hold a value of the right kind. */
  readonly fits: (value: unknown) => boolean;
}

export type SettingRules<Settings> = Readonly<Record<keyof Settings, SettingRule>>;

/** Gives the values that settings have for an upload. */
export function settingReader(
  upload: NewStoredUpload,
): <T>(setting: OfUpload<T> | undefined) => T | undefined {
  const { id, kind, key, length, metadata } = upload;
  let shown: ObjectUpload | undefined;
  return (setting) => {
    if (typeof setting !== 'function') return setting;
    shown ??= { id, kind, key, length, metadata: Metadata.parse(metadata) };
    // A setting is text, a date or a record of texts: a function is always one of the upload.
    return (setting as (upload: ObjectUpload) => never)(shown);
  };
}

/**
 * Asks the settings that are functions for an upload that is about to be created: what they lead to must not be refused
 * by the store when all bytes are there.
 * @throws OptionResultError for one that throws, or gives what is no value of the setting; StorageError of kind
 * `conflict` for a value that the store cannot hold
 */
export function checkSettingsOf<Settings extends object>(
  upload: NewStoredUpload,
  settings: Settings,
  { rules, option }: { readonly rules: Partial<SettingRules<Settings>>; readonly option: string },
): void {
  const of = settingReader(upload);
  for (const [name, rule] of Object.entries(rules) as [string, SettingRule][]) {
    const setting: unknown = Reflect.get(settings, name);
    if (typeof setting !== 'function') continue;
    const wrong = (value: unknown) =>
      new OptionResultError(`storage.${option}.${name}`, value, `return ${rule.what}`);
    const value = attempted(() => of(setting as OfUpload<unknown>), wrong);
    if (value === undefined) continue;
    if (!rule.is(value)) throw wrong(value);
    if (!rule.fits(value)) throw new StorageError('conflict', `"${option}.${name}" must be ${rule.what}`);
  }
}

/** The first setting that has no function and is wrong, with the fix. What functions return is known only for an upload. */
export function wrongSetting<Settings extends object>(
  settings: Settings,
  rules: SettingRules<Settings>,
): WrongOption | undefined {
  for (const [name, value] of Object.entries(settings) as [string, unknown][]) {
    // Under a name with a slip may be a secret.
    if (!Object.hasOwn(rules, name)) return { name, fix: 'be left out: there is no such setting' };
    if (value === undefined || typeof value === 'function') continue;
    const { what, is, fits } = rules[name as keyof Settings];
    if (!is(value) || !fits(value)) return { name, fix: `be ${what}`, value };
  }
  return undefined;
}

function attempted(call: () => unknown, failed: (error: Error) => Error): unknown {
  try {
    return call();
  } catch (error) {
    throw failed(error instanceof Error ? error : new Error(String(error)));
  }
}
