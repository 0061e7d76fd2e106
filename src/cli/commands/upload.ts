import type { Command } from 'commander';
import { Option } from 'commander';
import type { UploadFileOptions } from '../../client/options.js';
import {
  checksumOption,
  DEFAULT_ENDPOINT,
  filesAndEndpoint,
  jsonOption,
  metadataOption,
  resumeOption,
  wholeNumber,
} from '../arguments.js';
import { isRemembered, openClient, urlStoreFor } from '../open-client.js';
import { printNote, printResult } from '../output.js';
import type { Session } from '../session.js';
import { checkFiles, transferUpload } from '../transfer.js';

interface Options extends Pick<UploadFileOptions, 'checksum' | 'metadata' | 'stopAt'> {
  readonly parallel?: number;
  readonly resume?: boolean;
  readonly json?: boolean;
}

export function addUpload(program: Command, session: Session): void {
  program
    .command('upload')
    .description('upload files, one after the other, and print the URL of each')
    .usage('[options] FILE... [ENDPOINT]')
    .argument('<file...>', `the files; ENDPOINT is where uploads are created (default ${DEFAULT_ENDPOINT})`)
    .option(
      '--parallel <number>',
      'cut a file into ranges, upload them at once, have the server merge them (default: 1)',
      wholeNumber(1, 10_000),
    )
    .addOption(checksumOption())
    .addOption(metadataOption())
    .addOption(
      new Option('--stop-at <bytes>', 'leave the upload at this byte; --resume uploads the rest')
        .argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER))
        .conflicts('parallel'),
    )
    .addOption(resumeOption())
    .addOption(jsonOption())
    .action((names: string[], options: Options) => upload(session, names, options));
}

async function upload(session: Session, names: readonly string[], options: Options): Promise<void> {
  const { files, endpoint } = filesAndEndpoint(names);
  const client = await openClient('upload', session);
  await checkFiles(files);
  const { parallel, checksum, metadata, stopAt, resume, json } = options;
  const urlStore = urlStoreFor(session, resume);
  for (const file of files) {
    const label = json || files.length > 1 ? file : '';
    const remembered = () => isRemembered(session, client, { file, endpoint });
    const { url, size, offset, resumed } = await transferUpload(
      session,
      { label, json, remembered },
      (onProgress) =>
        client.uploadFile(file, {
          ...{ endpoint, checksum, metadata, stopAt, urlStore, onProgress },
          parallelUploads: parallel,
          signal: session.signal,
          onWarning: (message) => printNote(session, message),
        }),
    );
    if (resumed) printNote(session, 'An interrupted upload of this file was resumed.');
    if (offset < size) printNote(session, `Left at byte ${offset} of ${size}; --resume uploads the rest.`);
    printResult(session, { json }, { text: url, json: { file, url, size, offset, resumed } });
  }
}
