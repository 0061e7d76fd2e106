import { Logger } from '@nestjs/common';
import { UploadError } from '../model/errors/upload.error.js';

/** Milliseconds for which further faults of a kind are counted only: all clients meet the same store. */
const QUIET = 10_000;

const logger = new Logger('TusController');

/** Says in the log what the storage has answered: Nest logs no exception that is an answer, and clients learn no details. */
export class FaultLog {
  private readonly told = new Map<string, { readonly until: number; unsaid: number }>();

  note(error: unknown): void {
    if (!(error instanceof UploadError) || error.status < 500 || error.cause === undefined) return;
    const { code, status, cause } = error;
    const told = this.told.get(code);
    const now = performance.now();
    if (told && now < told.until) return void told.unsaid++;
    this.told.set(code, { until: now + QUIET, unsaid: 0 });
    const more = told?.unsaid ? ` (and ${told.unsaid} more since the last such line)` : '';
    const stack = cause instanceof Error ? cause.stack : undefined;
    logger.error(`Answered ${status} ${code}: ${reasons(cause).join(': ')}${more}`, stack);
  }
}

/** The sentences of an error and of what has caused it. One that repeats its cause is enough. */
function reasons(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  const [first, ...others] = error.cause === undefined ? [] : reasons(error.cause);
  if (first === undefined || error.message.includes(first)) return [error.message, ...others];
  return [error.message, first, ...others];
}
