import { InvalidArgumentError, Option } from 'commander';
import { checkOptions, isHttpUrl, OPTIONS_OF } from '../client/check-options.js';
import { CLIENT_CHECKSUMS } from '../client/source/digest.js';
import { CommandError } from './command.error.js';
import { ExitCode } from './exit-code.js';

/** Where `nestjs-tus serve` and the samples take uploads, if nobody says otherwise. */
export const DEFAULT_ENDPOINT = 'http://127.0.0.1:3000/files';

type Pairs = Readonly<Record<string, string>>;

export const jsonOption = (): Option => new Option('--json', 'print the result as JSON, a line for each');

export const checksumOption = (): Option =>
  new Option('--checksum <algorithm>', 'have the server verify each request').choices(CLIENT_CHECKSUMS);

export const metadataOption = (): Option =>
  new Option('--metadata <key=value>', 'metadata of the upload; may be given several times')
    .default({}, 'none')
    .argParser(addPair);

export const resumeOption = (): Option =>
  new Option('--resume', 'go on with an upload of the same file that was interrupted');

/** A whole number in a range. */
export function wholeNumber(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < least || number > most) {
      throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
    }
    return number;
  };
}

export function httpUrl(value: string): string {
  if (!isHttpUrl(value)) throw new InvalidArgumentError('Give a URL that begins with http:// or https://.');
  return value;
}

/** Several of them, which commander hands over one by one. */
export function httpUrls(value: string, before: readonly string[] = []): string[] {
  return [...before, httpUrl(value)];
}

/**
 * Takes the endpoint from the end of a list of files; without one it is the default.
 * @throws CommandError if no file is left.
 */
export function filesAndEndpoint(names: readonly string[]): { files: string[]; endpoint: string } {
  const last = names.at(-1);
  const named = last !== undefined && /^https?:/i.test(last);
  const files = named ? names.slice(0, -1) : [...names];
  if (files.length === 0) throw new CommandError('Name the file to upload.', ExitCode.Usage);
  if (named && !isHttpUrl(last)) throw new CommandError(`The endpoint ${last} is not a URL.`, ExitCode.Usage);
  return { files, endpoint: named ? last : DEFAULT_ENDPOINT };
}

function addPair(pair: string, before: Pairs): Pairs {
  const equals = pair.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('Write it as key=value.');
  const metadata = { [pair.slice(0, equals)]: pair.slice(equals + 1) };
  try {
    checkOptions({ metadata }, OPTIONS_OF.final);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
  return { ...before, ...metadata };
}
