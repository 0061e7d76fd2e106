import type { DeliverySettings } from '../delivery-settings.js';

/**
 * Milliseconds until a hook is called again that has failed so often; null if that was its last attempt. Up to half is
 * taken off at random (0 to 1), so that what failed together does not come back together.
 */
export function backOff(
  { attempts, firstDelay, longestDelay }: DeliverySettings,
  failures: number,
  random: number,
): number | null {
  if (failures >= attempts) return null;
  const delay = Math.min(longestDelay, firstDelay * 2 ** (failures - 1));
  return Math.ceil(delay * (1 - random / 2));
}
