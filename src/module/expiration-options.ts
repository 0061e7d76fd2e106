import type { UploadStorage } from '../storage/upload-storage.js';
import type { ExpirationSettings } from '../uploads/upload-deps.js';
import { milliseconds } from './duration.js';
import type { Duration } from './duration.js';
import { wrongOption } from './wrong-option.js';

export interface ExpirationOptions {
  /**
   * How long an upload that is not complete is kept after its creation or its last byte; partials always.
   * @default '24h'
   */
  readonly unfinished?: Duration | false;
  /**
   * How long the URL of a completed upload answers, counted from its completion. Its object stays when the time is
   * over, unless `deleteCompleted` is set. `false`: for ever.
   * @default false
   */
  readonly completed?: Duration | false;
  /**
   * Whether each stored byte extends the time of an unfinished upload: not beyond the age at which the store removes it
   * (`maxUnfinishedAge` of `S3Storage`).
   * @default true
   */
  readonly sliding?: boolean;
  /**
   * Whether the object of a completed upload is deleted when its time is over.
   * @default false
   */
  readonly deleteCompleted?: boolean;
}

/** A duration covers every upload; an object says which; `false` keeps all of them for ever. */
export type Expiration = Duration | ExpirationOptions | false;

/** @throws TusOptionError */
export function resolveExpiration(given: Expiration = { unfinished: '24h' }): ExpirationSettings {
  if (given === false) return { unfinished: null, completed: null, sliding: true, deleteCompleted: false };
  if (typeof given !== 'object') {
    const time = milliseconds('expiration', given);
    return { unfinished: time, completed: time, sliding: true, deleteCompleted: false };
  }
  if (given === null || Array.isArray(given))
    throw wrongOption('expiration', given, "use a duration such as '24h', or false");
  const { unfinished = '24h', completed = false, sliding = true, deleteCompleted = false } = given;
  for (const [name, value] of Object.entries({ sliding, deleteCompleted })) {
    if (typeof value !== 'boolean') throw wrongOption(`expiration.${name}`, value, 'use true or false');
  }
  return {
    unfinished: unfinished === false ? null : milliseconds('expiration.unfinished', unfinished),
    completed: completed === false ? null : milliseconds('expiration.completed', completed),
    sliding,
    deleteCompleted,
  };
}

/** @throws TusOptionError if the store removes unfinished uploads before their time is over */
export function checkUnfinishedAge(
  {
    maxUnfinishedAge = Infinity,
    maxUnfinishedIdle = Infinity,
  }: Pick<UploadStorage, 'maxUnfinishedAge' | 'maxUnfinishedIdle'>,
  { unfinished }: Pick<ExpirationSettings, 'unfinished'>,
): void {
  const most = Math.min(maxUnfinishedAge, maxUnfinishedIdle);
  if ((unfinished ?? Infinity) <= most) return;
  throw wrongOption(
    'expiration.unfinished',
    unfinished ?? false,
    `use ${most} ms or less: this storage keeps unfinished uploads no longer`,
  );
}
