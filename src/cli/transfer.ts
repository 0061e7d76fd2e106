import { stat } from 'node:fs/promises';
import { UploadInterruptedError } from '../client/errors/interrupted.error.js';
import { CommandError } from './command.error.js';
import { ExitCode } from './exit-code.js';
import { exitCodeOf } from './failure.js';
import { createProgress, type DisplayOptions, type ProgressDisplay } from './progress.js';
import type { Session } from './session.js';

export interface UploadDisplayOptions extends DisplayOptions {
  /** Whether the same command with --resume would go on with this upload. */
  readonly remembered: () => Promise<boolean>;
}

type Transfer<T> = (update: ProgressDisplay['update']) => Promise<T>;

/** Runs a transfer with its progress on display. */
export async function transfer<T>(
  { stderr }: Session,
  options: DisplayOptions,
  run: Transfer<T>,
): Promise<T> {
  const display = createProgress(stderr, options);
  try {
    return await run((progress) => display.update(progress));
  } finally {
    display.stop();
  }
}

/**
 * The same with an upload.
 * @throws CommandError that says how to go on, if that is possible; else what the upload throws.
 */
export async function transferUpload<T>(
  session: Session,
  options: UploadDisplayOptions,
  run: Transfer<T>,
): Promise<T> {
  try {
    return await transfer(session, options, run);
  } catch (error) {
    if (error instanceof UploadInterruptedError) {
      throw new CommandError(error.message + (error.resumable ? ADVICE : ''), ExitCode.Interrupted);
    }
    const exitCode = exitCodeOf(error);
    if (exitCode !== ExitCode.TryLater || !(await options.remembered())) throw error;
    throw new CommandError((error as Error).message + ADVICE, exitCode);
  }
}

const ADVICE = ' Run the same command with --resume to go on from here.';

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
