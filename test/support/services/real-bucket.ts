import type { S3Service } from './s3-service.js';

const { TEST_S3_BUCKET, TEST_S3_ENDPOINT } = process.env;

/**
 * A bucket that the environment names: `TEST_S3_BUCKET`, `TEST_S3_ENDPOINT` where it is not Amazon's, and the SDK's own
 * `AWS_REGION`, `AWS_ACCESS_KEY_ID`, … None without the first.
 */
export const REAL_BUCKETS: readonly S3Service[] = TEST_S3_BUCKET
  ? [
      {
        name: `the bucket ${TEST_S3_BUCKET}`,
        found: true,
        start: () =>
          Promise.resolve({
            address: {
              ...(TEST_S3_ENDPOINT && { endpoint: TEST_S3_ENDPOINT }),
              forcePathStyle: TEST_S3_ENDPOINT !== undefined,
            },
            bucket: TEST_S3_BUCKET,
            stop: () => Promise.resolve(),
          }),
      },
    ]
  : [];
