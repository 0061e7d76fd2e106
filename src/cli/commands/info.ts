import type { Command } from 'commander';
import type { UploadInfo } from '../../client/upload-info.js';
import { httpUrl, jsonOption } from '../arguments.js';
import { openClient } from '../open-client.js';
import { printable, printResult } from '../output.js';
import type { Session } from '../session.js';

export function addInfo(program: Command, session: Session): void {
  program
    .command('info')
    .description('print what the server tells of an upload')
    .argument('<url>', 'the upload', httpUrl)
    .addOption(jsonOption())
    .action(async (url: string, { json }: { json?: boolean }) => {
      const client = await openClient('info', session);
      const info = await client.info(url, { signal: session.signal });
      printResult(session, { json }, { text: describe(info), json: info });
    });
}

function describe(info: UploadInfo): string {
  const { kind, offset, length, complete, expiresAt, metadata, partialUrls } = info;
  const lines = [
    ['kind', kind],
    ['complete', complete ? 'yes' : 'no'],
    ['offset', String(offset ?? 'not known')],
    ['length', String(length ?? 'not known')],
    ...(expiresAt ? [['expires', expiresAt.toISOString()]] : []),
    ...Object.entries(metadata.toObject()).map(([key, value]) => ['metadata', `${key}=${value}`]),
    ...partialUrls.map((url) => ['partial', url]),
  ];
  return lines.map(([name = '', value = '']) => name.padEnd(10) + printable(value)).join('\n');
}
