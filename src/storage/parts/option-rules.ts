import { PartMemory } from './part-memory.js';
import { wrongSetting } from './upload-settings.js';
import type { SettingRules } from './upload-settings.js';
import { wrongOption } from './wrong-option.js';

/** What an option has to be, behind "must", and whether a value is that. */
export type OptionRule = readonly [fix: string, allows: (value: unknown) => boolean];

export type OptionRules<Options> = Readonly<Record<keyof Options, OptionRule>>;

export interface OptionCheck<Options, Settings> {
  /** The name of the storage. */
  readonly owner: string;
  readonly rules: OptionRules<Options>;
  /** The option that has to be given. */
  readonly required: keyof Options & string;
  /** The option that has the settings of objects, and what those have to be. */
  readonly settings: { readonly option: keyof Options & string; readonly rules: SettingRules<Settings> };
}

export const isText = (value: unknown) => typeof value === 'string' && value.trim() !== '';
export const isObject = (value: unknown) => typeof value === 'object' && value !== null;
export const isIn = (least: number, most: number) => (value: unknown) =>
  Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;

export const YES_OR_NO: OptionRule = ['be true or false', (value) => typeof value === 'boolean'];

/** Options that all object stores have. */
export const COMMON_RULES = {
  partsInFlight: ['be a whole number from 1 to 100', isIn(1, 100)],
  memory: ['be a PartMemory', (value: unknown) => value instanceof PartMemory],
  overwrite: YES_OR_NO,
  requestTimeout: ['be whole milliseconds from 1 to 3600000', isIn(1, 60 * 60 * 1000)],
} satisfies Record<string, OptionRule>;

/** Of a bucket: names below 1,024 bytes, in lists that are XML. */
export const BUCKET_PREFIX: OptionRule = [
  "be text that a key may begin with, of at most 512 bytes, for example 'uploads/'",
  (value) => typeof value === 'string' && isPrefix(value),
];

/** @throws TusOptionError that names the option, what it got, and what it wants. */
export function checkStorageOptions<Options extends object, Settings extends object>(
  options: Options,
  { owner, rules, required, settings }: OptionCheck<Options, Settings>,
): void {
  const given = { ...options } as Readonly<Record<string, unknown>>;
  for (const [name, [fix, allows]] of Object.entries<OptionRule>(rules)) {
    const value = given[name];
    if (value === undefined && name !== required) continue;
    if (!allows(value)) throw wrongOption(owner, { name, fix, value });
  }
  const wrong = wrongSetting((given[settings.option] ?? {}) as Settings, settings.rules);
  if (wrong) throw wrongOption(owner, { ...wrong, name: `${settings.option}.${wrong.name}` });
  const name = Object.keys(given).find((each) => !Object.hasOwn(rules, each));
  // Under a name with a slip may be a secret.
  if (name !== undefined) throw wrongOption(owner, { name, fix: 'be left out: there is no such option' });
}

function isPrefix(prefix: string): boolean {
  const segments = prefix.split('/').slice(0, -1);
  return (
    Buffer.from(prefix).toString() === prefix &&
    Buffer.byteLength(prefix) <= 512 &&
    !/[\p{Cc}\uFFFE\uFFFF]/u.test(prefix) &&
    !segments.some((segment) => segment === '' || segment === '.' || segment === '..')
  );
}
