import { createRequire } from 'node:module';
import { Command } from 'commander';
import { addDelete } from './commands/delete.js';
import { addDownload } from './commands/download.js';
import { addFinal } from './commands/final.js';
import { addInfo } from './commands/info.js';
import { addPartial } from './commands/partial.js';
import { addServe } from './commands/serve.js';
import { addUpload } from './commands/upload.js';
import { ENVIRONMENT } from './environment.js';
import { ExitCode, EXIT_CODES } from './exit-code.js';
import { asInterruption, asSentence, exitCodeOf, sentenceOf } from './failure.js';
import type { Session } from './session.js';

/** Runs the command that the arguments ask for; resolves with the exit code when nothing is left to do. */
export async function runCommand(args: readonly string[], session: Session): Promise<ExitCode> {
  try {
    await programOf(session).parseAsync([...args], { from: 'user' });
    return ExitCode.Done;
  } catch (error) {
    const reason = session.signal.aborted ? asInterruption(error) : error;
    const sentence = sentenceOf(reason);
    if (sentence !== undefined) session.stderr.write(`${sentence}\n`);
    return exitCodeOf(reason);
  }
}

function programOf(session: Session): Command {
  const { stdout, stderr } = session;
  const program = new Command('nestjs-tus')
    .description('Resumable uploads (tus 1.0.0): a client, and a server to try it with.')
    .version(version())
    .addHelpText('afterAll', `${ENVIRONMENT}\n${EXIT_CODES}`)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(`${asSentence(text.replace(/^error: /, ''))}\n`),
    });
  for (const add of [addUpload, addPartial, addFinal, addInfo, addDownload, addDelete, addServe]) {
    add(program, session);
  }
  return program;
}

function version(): string {
  const { version: own } = createRequire(import.meta.url)('../../package.json') as {
    readonly version: string;
  };
  return own;
}
