import type { Command } from 'commander';
import { ProgressMeter } from '../../client/upload/progress-meter.js';
import { httpUrl, jsonOption } from '../arguments.js';
import { openClient } from '../open-client.js';
import { printResult } from '../output.js';
import type { Session } from '../session.js';
import { transfer } from '../transfer.js';

export function addDownload(program: Command, session: Session): void {
  program
    .command('download')
    .description('get a complete upload; a download that was interrupted goes on where it stood (PATH.part)')
    .argument('<url>', 'the upload', httpUrl)
    .argument('<path>', 'where it is put once it is whole; a file that is there is replaced')
    .addOption(jsonOption())
    .action((url: string, path: string, options: { json?: boolean }) =>
      download(session, { url, path }, options),
    );
}

async function download(
  session: Session,
  { url, path }: { readonly url: string; readonly path: string },
  { json }: { readonly json?: boolean },
): Promise<void> {
  const client = await openClient('download', session);
  const got = await transfer(session, { label: json ? path : '', json }, async (update) => {
    let meter: ProgressMeter | undefined;
    const onProgress = (received: number, total: number | null): void => {
      meter ??= new ProgressMeter([total], update);
      meter.report(0, received);
    };
    const result = await client.download(url, path, { resume: true, signal: session.signal, onProgress });
    meter?.finish();
    return result;
  });
  printResult(session, { json }, { text: got.path, json: { url, ...got } });
}
