import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run upload -- FILE [options]

  --parallel N      cut the file into N ranges, upload them at once, let the server merge them (default 1)
  --endpoint URL    where uploads are created (default http://127.0.0.1:3000/files)
  --metadata K=V    metadata of the upload; may be given several times
  --help            show this text`;

export interface UploadArguments {
  readonly file: string;
  readonly parallel: number;
  readonly endpoint: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The command line says something that cannot be done. */
export class UsageError extends Error {}

/**
 * Reads the command line; undefined if only help is wanted.
 * @throws UsageError
 */
export function parseUploadArguments(args: readonly string[]): UploadArguments | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const [file, ...others] = positionals;
  if (file === undefined) throw new UsageError('Name the file to upload.');
  if (others.length > 0) throw new UsageError('Name one file only.');
  return {
    file,
    parallel: parseParallel(values.parallel),
    endpoint: parseEndpoint(values.endpoint),
    metadata: Object.fromEntries(values.metadata.map(parsePair)),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        parallel: { type: 'string', default: '1' },
        endpoint: { type: 'string', default: 'http://127.0.0.1:3000/files' },
        metadata: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function parseParallel(value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value))
    throw new UsageError(`--parallel ${value}: give a number from 1 to 9999.`);
  return Number(value);
}

function parseEndpoint(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new UsageError(`--endpoint ${value}: give a URL that begins with http:// or https://.`);
  }
  return value;
}

function parsePair(pair: string): [key: string, value: string] {
  const equals = pair.indexOf('=');
  if (equals < 1) throw new UsageError(`--metadata ${pair}: write it as key=value.`);
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}
