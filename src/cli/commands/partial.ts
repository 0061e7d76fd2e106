import type { Command } from 'commander';
import type { PartialUploadOptions } from '../../client/options.js';
import {
  checksumOption,
  DEFAULT_ENDPOINT,
  filesAndEndpoint,
  jsonOption,
  resumeOption,
} from '../arguments.js';
import { isRemembered, openClient, urlStoreFor } from '../open-client.js';
import { printNote, printResult } from '../output.js';
import type { Session } from '../session.js';
import { checkFiles, transferUpload } from '../transfer.js';

interface Options extends Pick<PartialUploadOptions, 'checksum'> {
  readonly resume?: boolean;
  readonly json?: boolean;
}

export function addPartial(program: Command, session: Session): void {
  program
    .command('partial')
    .description('upload whole files as partial uploads, for "final" to merge; print the URL of each')
    .usage('[options] FILE... [ENDPOINT]')
    .argument('<file...>', `the files; ENDPOINT is where uploads are created (default ${DEFAULT_ENDPOINT})`)
    .addOption(checksumOption())
    .addOption(resumeOption())
    .addOption(jsonOption())
    .action((names: string[], options: Options) => uploadPartials(session, names, options));
}

async function uploadPartials(session: Session, names: readonly string[], options: Options): Promise<void> {
  const { files, endpoint } = filesAndEndpoint(names);
  const client = await openClient('partial', session);
  await checkFiles(files);
  const { checksum, resume, json } = options;
  const urlStore = urlStoreFor(session, resume);
  for (const file of files) {
    const label = json || files.length > 1 ? file : '';
    const remembered = () => isRemembered(session, client, { file, endpoint });
    const url = await transferUpload(session, { label, json, remembered }, (onProgress) =>
      client.createPartialUpload(file, {
        ...{ endpoint, checksum, urlStore, onProgress },
        signal: session.signal,
        onWarning: (message) => printNote(session, message),
      }),
    );
    printResult(session, { json }, { text: url, json: { file, url } });
  }
}
