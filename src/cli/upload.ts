import { resolve } from 'node:path';
import { UploadInterruptedError } from '../client/errors/interrupted.error.js';
import { FileUrlStore } from '../client/store/file-url-store.js';
import { TusClient } from '../client/tus-client.js';
import { createProgress } from './progress.js';
import { parseUploadArguments, USAGE, UsageError, type UploadArguments } from './upload-arguments.js';

const INTERRUPTED_EXIT_CODE = 130;

// npm runs scripts in the folder of the package; paths are meant from where the user typed the command.
const folder = process.env.INIT_CWD ?? process.cwd();

async function main(): Promise<void> {
  try {
    const parsed = parseUploadArguments(process.argv.slice(2));
    if (parsed) await upload(parsed);
    else process.stdout.write(`${USAGE}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof UsageError) process.stderr.write(`\n${USAGE}\n`);
    if (error instanceof UploadInterruptedError) {
      if (error.resumable) process.stderr.write('Run the same command again to go on from here.\n');
      process.exitCode = INTERRUPTED_EXIT_CODE;
    } else {
      process.exitCode = 1;
    }
  }
}

async function upload({ file, parallel, endpoint, metadata }: UploadArguments): Promise<void> {
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  // For good: Ctrl-C under npm comes twice, from the terminal and from npm, and the second one must not end the
  // process before the first one is dealt with.
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const progress = createProgress(process.stderr);
  try {
    const client = new TusClient({ endpoint, urlStore: new FileUrlStore(resolve(folder, '.tus-uploads')) });
    const { url, resumed } = await client.uploadFile(resolve(folder, file), {
      parallelUploads: parallel,
      metadata,
      signal: interruption.signal,
      onProgress: ({ sent, total }) => progress.update(sent, total ?? sent),
      onWarning: (message) => process.stderr.write(`${message}\n`),
    });
    progress.stop();
    if (resumed) process.stderr.write('An interrupted upload of this file was resumed.\n');
    process.stdout.write(`${url}\n`);
  } finally {
    progress.stop();
  }
}

void main();
