import type { Command } from 'commander';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { DEFAULT_ENDPOINT, jsonOption, wholeNumber } from '../arguments.js';
import { CommandError } from '../command.error.js';
import { ExitCode } from '../exit-code.js';
import { printable, printResult } from '../output.js';
import { requirePackages } from '../require-packages.js';
import type { Session } from '../session.js';

interface Options {
  readonly directory: string;
  readonly port: number;
  readonly host: string;
  readonly json?: boolean;
}

export function addServe(program: Command, session: Session): void {
  program
    .command('serve')
    .description('take uploads into a folder, until Ctrl-C; for trying, on one machine')
    .option('--directory <path>', 'folder of the uploads and of their database', 'uploads')
    .option('--port <number>', 'port to listen on; 0: any', wholeNumber(0, 65_535), 3000)
    .option('--host <address>', 'address to listen on; there is no password', '127.0.0.1')
    .addOption(jsonOption())
    .action((options: Options) => serve(session, options));
}

async function serve(session: Session, { directory, port, host, json }: Options): Promise<void> {
  // better-sqlite3 is recommended because TypeORM 1 knows no other.
  requirePackages('serve', [['@nestjs/platform-express'], ['better-sqlite3', 'sqlite3']]);
  const { startServer } = await import('../server/start-server.js');
  const folder = resolve(directory);
  const server = await startServer({
    directory: folder,
    ...{ port, host },
    onComplete: ({ name, ...upload }) =>
      printResult(
        session,
        { json },
        {
          text: `${printable(JSON.stringify(name ?? upload.id))}: ${upload.size} bytes in ${upload.path}`,
          json: { ...upload, name },
        },
      ),
  }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EADDRINUSE' ? taken(host, port) : error;
  });
  const { endpoint } = server;
  const hint = `npx nestjs-tus upload FILE${endpoint === DEFAULT_ENDPOINT ? '' : ` ${endpoint}`} --parallel 4`;
  printResult(
    session,
    { json },
    {
      text: `Uploads at   ${endpoint}\nStored in    ${printable(folder)}\nTry          ${hint}`,
      json: { endpoint, directory: folder },
    },
  );
  if (!session.signal.aborted) await once(session.signal, 'abort');
  await server.close();
}

function taken(host: string, port: number): CommandError {
  return new CommandError(`Port ${port} of ${host} is taken: give another with --port.`, ExitCode.Failed);
}
