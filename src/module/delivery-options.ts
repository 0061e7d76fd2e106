import type { DeliverySettings } from '../events/delivery-settings.js';
import { milliseconds } from './duration.js';
import type { Duration } from './duration.js';
import { checkBoolean, checkNumber, LONGEST_TIMER } from './option-checks.js';
import { wrongOption } from './wrong-option.js';

export interface DeliveryOptions {
  /**
   * How often a provider is called for an upload at most, where it throws each time. Then the delivery is given up:
   * `UploadService.failedDeliveries` lists it. Calls that ended with the process do not count.
   * @default 20
   * @throws TusOptionError use a whole number of 1 or more, or leave it out
   */
  readonly attempts?: number;
  /**
   * How long after its first failure a provider is called again. Doubled with each failure, up to `longestDelay`; of
   * each delay up to half is taken off at random. With the defaults the attempts are used up after about nine hours.
   * @default '10s'
   * @throws TusOptionError use milliseconds, or a text such as '90s', '15m', '24h' or '7d'
   */
  readonly firstDelay?: Duration;
  /**
   * The longest time between two calls, 24 days at most.
   * @default '1h'
   * @throws TusOptionError use a time from "delivery.firstDelay" to 24 days
   */
  readonly longestDelay?: Duration;
  /**
   * Uploads for which hooks run at once in this process. Others wait for their turn; a hook that never returns keeps
   * its place, and a warning names it.
   * @default 10
   * @throws TusOptionError use a whole number of 1 or more, or leave it out
   */
  readonly concurrency?: number;
  /**
   * Whether this process keeps events for another one that shares its database, where it has no hooks itself. The
   * other one takes them within five seconds. `delivery: true` says the same.
   * @default false
   * @throws TusOptionError use true or false
   */
  readonly elsewhere?: boolean;
}

/** @throws TusOptionError */
export function resolveDelivery(given: boolean | DeliveryOptions = {}): DeliverySettings {
  if (typeof given === 'boolean') return resolveDelivery({ elsewhere: given });
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw wrongOption('delivery', given, 'use true, false, or options such as { attempts: 20 }');
  const {
    attempts = 20,
    firstDelay = '10s',
    longestDelay = '1h',
    concurrency = 10,
    elsewhere = false,
  } = given;
  checkNumber('delivery.attempts', attempts, [1]);
  checkNumber('delivery.concurrency', concurrency, [1]);
  checkBoolean('delivery.elsewhere', elsewhere);
  const first = milliseconds('delivery.firstDelay', firstDelay);
  const longest = milliseconds('delivery.longestDelay', longestDelay);
  if (longest < first || longest > LONGEST_TIMER) {
    const fix = 'use a time from "delivery.firstDelay" to 24 days';
    throw wrongOption('delivery.longestDelay', longestDelay, fix);
  }
  return { attempts, firstDelay: first, longestDelay: longest, concurrency, elsewhere };
}
