import type { Command } from 'commander';
import { httpUrls, jsonOption } from '../arguments.js';
import { openClient } from '../open-client.js';
import { printResult } from '../output.js';
import type { Session } from '../session.js';

export function addDelete(program: Command, session: Session): void {
  program
    .command('delete')
    .description('remove uploads from the server')
    .argument('<url...>', 'the uploads', httpUrls)
    .addOption(jsonOption())
    .action(async (urls: string[], { json }: { json?: boolean }) => {
      const client = await openClient('delete', session);
      for (const url of urls) {
        await client.terminate(url, { signal: session.signal });
        printResult(session, { json }, { text: undefined, json: { url, deleted: true } });
      }
    });
}
