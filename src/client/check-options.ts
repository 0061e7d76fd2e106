import { validateHeaderName, validateHeaderValue } from 'node:http';
import { Metadata } from '../model/metadata.js';
import { TusClientOptionError } from './errors/client-option.error.js';
import { CLIENT_CHECKSUMS } from './source/digest.js';
import type { DownloadOptions, RequestHeaders, UploadFileOptions } from './options.js';

/** Milliseconds. Node makes one of what exceeds its timers (24 days). */
const LONGEST_DELAY = 86_400_000;

const isDelay = (value: unknown) =>
  Number.isFinite(value) && Number(value) >= 0 && Number(value) <= LONGEST_DELAY;

type Rule = [fix: string, allows: (value: unknown) => boolean];

const isWhole = (least: number) => (value: unknown) => Number.isSafeInteger(value) && Number(value) >= least;
const YES_OR_NO: Rule = ['use true or false', (value) => typeof value === 'boolean'];
const isFunction = (value: unknown) => typeof value === 'function';
const isTextual = (value: unknown) =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((entry) => typeof entry === 'string');
const has = (value: unknown, ...methods: string[]) =>
  typeof value === 'object' &&
  value !== null &&
  methods.every((name) => isFunction((value as Record<string, unknown>)[name]));

type OptionName = keyof UploadFileOptions | keyof DownloadOptions;

const RULES: Readonly<Record<Exclude<OptionName, 'metadata'>, Rule>> = {
  endpoint: ['give a URL that begins with http:// or https://', isHttpUrl],
  headers: [
    "give names and values such as { authorization: 'Bearer …' }, or a function that returns them",
    (value) => isFunction(value) || isTextual(value),
  ],
  retryDelays: [
    'give a list of milliseconds, each a day (86400000) at most, or [] for no retries',
    (value) => Array.isArray(value) && value.every(isDelay),
  ],
  requestTimeout: ['give whole milliseconds, or 0 for no limit', isWhole(0)],
  urlStore: [
    'give a store such as new FileUrlStore(directory)',
    (value) => has(value, 'find', 'save', 'remove'),
  ],
  chunkSize: ['give whole bytes, 1 or more', isWhole(1)],
  checksum: [
    `use one of ${CLIENT_CHECKSUMS.join(', ')}`,
    (value) => (CLIENT_CHECKSUMS as readonly unknown[]).includes(value),
  ],
  mergeTimeout: ['give whole milliseconds', isWhole(0)],
  signal: ['give the signal of an AbortController', (value) => value instanceof AbortSignal],
  size: ['give whole bytes', isWhole(0)],
  onProgress: ['give a function', isFunction],
  onWarning: ['give a function', isFunction],
  parallelUploads: ['give a number from 1 to 10000', (value) => isWhole(1)(value) && Number(value) <= 10_000],
  stopAt: ['give whole bytes', isWhole(0)],
  verify: YES_OR_NO,
  resume: YES_OR_NO,
};

const CONNECTION = ['endpoint', 'headers', 'retryDelays', 'requestTimeout'] as const;
const CLIENT = [...CONNECTION, 'urlStore', 'chunkSize', 'checksum', 'mergeTimeout'] as const;
const PARTIAL = [...CLIENT, 'signal', 'size', 'onProgress', 'onWarning'] as const;

/** The options of each call. */
export const OPTIONS_OF = {
  client: CLIENT,
  call: [...CLIENT, 'signal'],
  partial: PARTIAL,
  file: [...PARTIAL, 'parallelUploads', 'metadata', 'stopAt', 'verify'],
  final: [...CLIENT, 'signal', 'metadata'],
  download: [...CONNECTION, 'signal', 'resume', 'onProgress'],
} as const satisfies Record<string, readonly OptionName[]>;

/**
 * Checks the options of a call; undefined stands for an option that is left out.
 * @throws TusClientOptionError that names the option.
 */
export function checkOptions(options: object, allowed: readonly OptionName[]): void {
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) checkOption(name, value, allowed);
  }
  const { headers } = options as { headers?: unknown };
  if (typeof headers === 'object') checkHeaders(headers as RequestHeaders);
}

function checkOption(name: string, value: unknown, allowed: readonly string[]): void {
  if (!allowed.includes(name)) {
    throw new TusClientOptionError(name, value, 'leave it out: there is no such option here');
  }
  if (name === 'metadata') return checkMetadata(value);
  const [fix, allows] = RULES[name as keyof typeof RULES];
  if (!allows(value)) throw new TusClientOptionError(name, value, fix);
}

/**
 * Header fields of the application must not be those that this client sends itself.
 * @throws TusClientOptionError
 */
export function checkHeaders(headers: RequestHeaders): RequestHeaders {
  if (!isTextual(headers)) {
    throw new TusClientOptionError('headers', headers, 'return names and values of text from the function');
  }
  for (const [name, value] of Object.entries(headers)) {
    if (/^(tus-resumable|upload-.*|content-(type|length)|transfer-encoding)$/i.test(name)) {
      throw new TusClientOptionError('headers', headers, `leave "${name}" out: the client sends it itself`);
    }
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      throw new TusClientOptionError('headers', headers, `"${name}" cannot be sent like this`);
    }
  }
  return headers;
}

function checkMetadata(value: unknown): void {
  if (!isTextual(value)) throw new TusClientOptionError('metadata', value, 'give texts by their keys');
  try {
    Metadata.from(value as Record<string, string>);
  } catch (error) {
    throw new TusClientOptionError(
      'metadata',
      value,
      `give other keys: ${(error as Error).message.slice(0, -1)}`,
    );
  }
}

/** Whether it is an absolute URL of HTTP. */
export function isHttpUrl(value: unknown): boolean {
  return typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value);
}
