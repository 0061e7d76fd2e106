import type { Command } from 'commander';
import { httpUrls, jsonOption, metadataOption } from '../arguments.js';
import { CommandError } from '../command.error.js';
import { ExitCode } from '../exit-code.js';
import { openClient } from '../open-client.js';
import { printResult } from '../output.js';
import type { Session } from '../session.js';

interface Options {
  readonly metadata: Readonly<Record<string, string>>;
  readonly json?: boolean;
}

export function addFinal(program: Command, session: Session): void {
  program
    .command('final')
    .description('have partial uploads merged, wait until they are, and print the URL of the final upload')
    .usage('[options] PARTIAL_URL... ENDPOINT')
    .argument('<url...>', 'the partial uploads, in the order of the file, and the endpoint last', httpUrls)
    .addOption(metadataOption())
    .addOption(jsonOption())
    .action((urls: string[], options: Options) => merge(session, urls, options));
}

async function merge(session: Session, urls: readonly string[], { metadata, json }: Options): Promise<void> {
  const [endpoint, partials] = [urls.at(-1), urls.slice(0, -1)];
  if (partials.length === 0) {
    throw new CommandError('Name the partial uploads in order, and the endpoint last.', ExitCode.Usage);
  }
  const client = await openClient('final', session);
  const options = { endpoint, metadata, signal: session.signal };
  const { url, size } = await client.createFinalUpload(partials, options);
  printResult(session, { json }, { text: url, json: { url, size } });
}
