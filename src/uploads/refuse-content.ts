import { BodyInterruptedError } from '../model/errors/body-interrupted.error.js';
import { BodyTooLongError } from '../model/errors/body-too-long.error.js';
import type { BodyInput } from './commands.js';
import { UploadBody } from './upload-body.js';

/** What a body that nobody has room for is told. */
export interface RefuseContent extends BodyInput {
  /** Where the upload stands. */
  readonly offset: number;
  /** Milliseconds without a byte before the client is given up; 0 waits for ever. */
  readonly idleMilliseconds: number;
}

/**
 * Waits for a body of unannounced length to end without a byte.
 * @throws BodyTooLongError at the first byte; BodyInterruptedError if the body neither brought one nor ended.
 */
export async function refuseContent(input: RefuseContent): Promise<void> {
  if (await bringsContent(input)) throw new BodyTooLongError();
}

/**
 * Whether a body of unannounced length brings a byte. No lock is held here, so none of its beats watches over the
 * client.
 * @throws BodyInterruptedError if the body neither brought one nor ended.
 */
export async function bringsContent(input: RefuseContent): Promise<boolean> {
  const { body: source, offset, idleMilliseconds, onBodyWanted } = input;
  const body = new UploadBody(source, {
    limit: 0,
    lengthUnknown: true,
    idleMilliseconds,
    ...(onBodyWanted && { onWanted: onBodyWanted }),
  });
  const timer = idleMilliseconds > 0 ? setTimeout(() => body.stop(), idleMilliseconds) : undefined;
  await body.next();
  clearTimeout(timer);
  if (body.outcome === 'overflow') return true;
  if (body.outcome !== 'ended') throw new BodyInterruptedError(offset);
  return false;
}
