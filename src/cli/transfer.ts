import { stat } from 'node:fs/promises';
import { UploadInterruptedError } from '../client/errors/interrupted.error.js';
import { CommandError } from './command.error.js';
import { ExitCode } from './exit-code.js';
import { createProgress, type DisplayOptions, type ProgressDisplay } from './progress.js';
import type { Session } from './session.js';

/**
 * Runs a transfer with its progress on display.
 * @throws what the transfer throws; for an interrupted one a CommandError that says how to go on.
 */
export async function transfer<T>(
  { stderr }: Session,
  options: DisplayOptions,
  run: (update: ProgressDisplay['update']) => Promise<T>,
): Promise<T> {
  const display = createProgress(stderr, options);
  try {
    return await run((progress) => display.update(progress));
  } catch (error) {
    throw error instanceof UploadInterruptedError ? interrupted(error) : error;
  } finally {
    display.stop();
  }
}

function interrupted({ message, resumable }: UploadInterruptedError): CommandError {
  const advice = resumable ? ' Run the same command with --resume to go on from here.' : '';
  return new CommandError(message + advice, ExitCode.Interrupted);
}

/**
 * All files are looked at before the first byte is sent, for a mistyped endpoint is taken for a file.
 * @throws CommandError
 */
export async function checkFiles(files: readonly string[]): Promise<void> {
  for (const file of files) {
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) {
      throw new CommandError(
        `There is no file ${file} (an endpoint begins with http:// or https://).`,
        ExitCode.Failed,
      );
    }
  }
}
