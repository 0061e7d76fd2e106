import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eachLocalS3Service } from '../support/services/each-s3-service.js';
import { RunningSample } from './running-sample.js';

eachLocalS3Service((suite) => {
  let sample: RunningSample;

  beforeAll(async () => {
    const { endpoint = '', region = '', credentials } = suite.address;
    sample = await RunningSample.start('s3', {
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
      S3_BUCKET: suite.bucket.name,
      S3_ENDPOINT: endpoint,
    });
  }, 120_000);

  afterAll(() => sample.remove());

  it('the sample takes a file in four ranges, and leaves one object in the bucket', async () => {
    const bytes = randomBytes(24 * 1024 ** 2 + 1);
    await writeFile(join(sample.folder, 'holiday.mp4'), bytes);
    const url = await sample.upload('holiday.mp4', '--parallel', '4');
    const [, key = ''] = await sample.printed(/"holiday\.mp4": 25165825 bytes in s3:\/\/[^/]+\/(\S+)/);
    expect(basename(url)).toBe(basename(key));
    const { Body } = await suite.client.send(new GetObjectCommand({ Bucket: suite.bucket.name, Key: key }));
    expect(bytes.equals((await Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
    expect(await sample.stop()).toEqual([0, null]);
    expect(await suite.bucket.leftovers()).toEqual([key]);
  });
});
