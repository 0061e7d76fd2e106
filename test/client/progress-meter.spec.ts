import { expect, it } from '@jest/globals';
import type { UploadProgress } from '../../src/client/index.js';
import { ProgressMeter } from '../../src/client/upload/progress-meter.js';

it('Progress is added up over the ranges, with a rate that leaves out what an earlier call has sent', () => {
  let now = 0;
  const told: UploadProgress[] = [];
  const meter = new ProgressMeter(
    [1000, 1000],
    (progress) => told.push(progress),
    () => now,
  );
  meter.report(0, 600);
  expect(told.at(-1)).toMatchObject({ sent: 600, total: 2000, rate: 0, secondsLeft: null });
  now = 1000;
  meter.report(1, 0);
  now = 2000;
  meter.report(1, 400);
  expect(told.at(-1)).toEqual({
    ...{ sent: 1000, total: 2000, rate: 200, secondsLeft: 5 },
    parts: [
      { sent: 600, total: 1000 },
      { sent: 400, total: 1000 },
    ],
  });
});

it('Progress is told ten times a second at most, and of its end always', () => {
  let now = 0;
  const told: number[] = [];
  const meter = new ProgressMeter(
    [1000],
    ({ sent }) => told.push(sent),
    () => now,
  );
  for (; now < 1000; now += 10) meter.report(0, now);
  meter.report(0, 1000);
  expect(told).toHaveLength(11);
  meter.finish();
  expect(told.at(-1)).toBe(1000);
});

it('Progress of what has no known size has no end', () => {
  const told: UploadProgress[] = [];
  new ProgressMeter([null], (progress) => told.push(progress)).report(0, 5);
  expect(told).toMatchObject([
    { sent: 5, total: null, secondsLeft: null, parts: [{ sent: 5, total: null }] },
  ]);
});
