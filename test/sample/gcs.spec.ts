import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { onFakeGcs } from '../support/services/each-gcs-service.js';
import { RunningSample } from './running-sample.js';

onFakeGcs((suite) => {
  let sample: RunningSample;

  beforeAll(async () => {
    sample = await RunningSample.start('gcs', {
      STORAGE_EMULATOR_HOST: suite.address.apiEndpoint,
      GCS_BUCKET: suite.bucket.name,
    });
  }, 120_000);

  afterAll(() => sample.remove());

  it('the sample takes a file in four ranges, and leaves one object in the bucket', async () => {
    const bytes = randomBytes(24 * 1024 ** 2 + 1);
    await writeFile(join(sample.folder, 'holiday.mp4'), bytes);
    const url = await sample.upload('holiday.mp4', '--parallel', '4');
    const [, key = ''] = await sample.printed(/"holiday\.mp4": 25165825 bytes in gs:\/\/[^/]+\/(\S+)/);
    expect(basename(url)).toBe(basename(key));
    const stored = await suite.bucket.bytes(key);
    expect(bytes.equals(stored ?? Buffer.alloc(0))).toBe(true);
    expect(await sample.stop()).toEqual([0, null]);
    expect(await suite.bucket.names()).toEqual([key]);
  });
});
