import { expect, it } from '@jest/globals';
import { Alarm } from '../../src/events/relay/alarm.js';

it('the alarm goes off at each of its times, in whichever order they were set', async () => {
  let rings = 0;
  await new Promise<void>((resolve) => {
    const alarm = new Alarm(() => {
      if (++rings === 3) resolve();
    });
    for (const delay of [200, 1, 400]) alarm.set(delay);
  });
  expect(rings).toBe(3);
});

it('the alarm does not go off once it is stopped, also not for what is set later', async () => {
  let rings = 0;
  const alarm = new Alarm(() => (rings += 1));
  alarm.set(1);
  alarm.stop();
  alarm.set(1);
  await new Promise<void>((resolve) => new Alarm(resolve).set(1));
  expect(rings).toBe(0);
});
