import { HookFailedError } from '../model/errors/hook-failed.error.js';
import { UploadError } from '../model/errors/upload.error.js';
import { UploadRefusedError } from '../model/errors/upload-refused.error.js';

/**
 * The status by which a hook has decided; undefined where it failed. Only who throws an `UploadRefusedError`, or an
 * `HttpException` of Nest, decides: other errors with a status are about something that the hook has tried.
 */
export function statusOf(thrown: unknown): number | undefined {
  const status = thrown instanceof UploadRefusedError ? thrown.status : statusOfException(thrown);
  return typeof status === 'number' && status >= 400 && status <= 599 ? status : undefined;
}

/** What the client is answered with: what was thrown, unless it has a status of its own and is no decision. */
export function answerTo(thrown: unknown, hook: string): unknown {
  const answers = thrown instanceof UploadError || statusOfException(thrown) !== undefined;
  const decided = statusOf(thrown) !== undefined;
  return answers && !decided ? new HookFailedError(hook, thrown as Error) : thrown;
}

/** Asks a hook that may refuse. @throws what the client is answered with */
export async function asked<T>(hook: string, ask: () => Promise<T> | T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw answerTo(error, hook);
  }
}

function statusOfException(thrown: unknown): unknown {
  const { getStatus } = (thrown ?? {}) as { getStatus?: unknown };
  return typeof getStatus === 'function' ? Reflect.apply(getStatus, thrown, []) : undefined;
}
