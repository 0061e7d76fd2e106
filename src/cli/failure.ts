import { CommanderError } from 'commander';
import { mayPass } from '../client/http/retry-policy.js';
import { CommandError } from './command.error.js';
import { ExitCode } from './exit-code.js';
import { printable } from './output.js';

/** The exit code that says what kept a command from doing what it was asked for. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommandError) return error.exitCode;
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Done : ExitCode.Usage;
  const { code } = (error ?? {}) as { readonly code?: unknown };
  if (code === 'OPTION') return ExitCode.Usage;
  return mayPass(error) || code === 'MERGE_PENDING' ? ExitCode.TryLater : ExitCode.Failed;
}

/** What ended because of Ctrl-C: that is all there is to say of it, unless a command has said more. */
export function asInterruption(error: unknown): CommandError {
  return error instanceof CommandError ? error : new CommandError('Interrupted.', ExitCode.Interrupted);
}

/** One sentence on one line; undefined for what has been said already. */
export function sentenceOf(error: unknown): string | undefined {
  if (error instanceof CommanderError) return undefined;
  return asSentence(error instanceof Error ? error.message : String(error));
}

/** Begins with a capital, ends with a full stop, and is one line. */
export function asSentence(text: string): string {
  const line = printable(text.trim().replace(/\s+/g, ' '));
  return `${line.charAt(0).toUpperCase()}${line.slice(1)}${/[.!?)]$/.test(line) ? '' : '.'}`;
}
