import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { onAzurite } from '../support/services/azure-suite.js';
import { RunningSample } from './running-sample.js';

onAzurite((suite) => {
  let sample: RunningSample;

  beforeAll(async () => {
    sample = await RunningSample.start('azure', {
      AZURE_STORAGE_CONNECTION_STRING: suite.connectionString,
      AZURE_CONTAINER: suite.container.client.containerName,
    });
  }, 120_000);

  afterAll(() => sample.remove());

  it('the sample takes a file in four ranges, and leaves one blob in the container', async () => {
    const bytes = randomBytes(24 * 1024 ** 2 + 1);
    await writeFile(join(sample.folder, 'holiday.mp4'), bytes);
    const url = await sample.upload('holiday.mp4', '--parallel', '4');
    const [, key = ''] = await sample.printed(/"holiday\.mp4": 25165825 bytes in [^/]+\/(\S+)/);
    expect(basename(url)).toBe(basename(key));
    const stored = await suite.container.client.getBlobClient(key).downloadToBuffer();
    expect(bytes.equals(stored)).toBe(true);
    expect(await sample.stop()).toEqual([0, null]);
    expect(await suite.container.leftovers()).toEqual([key]);
  });
});
