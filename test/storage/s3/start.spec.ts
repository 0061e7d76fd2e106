import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { S3Client } from '@aws-sdk/client-s3';
import { expect, it } from '@jest/globals';
import { checkBucket } from '../../../src/storage/s3/check-bucket.js';
import { S3Storage } from '../../../src/storage/s3/index.js';
import type { S3StorageOptions } from '../../../src/storage/s3/index.js';
import { s3Error } from '../../../src/storage/s3/s3.error.js';
import type { S3Lists } from '../../../src/storage/s3/s3.lists.js';
import { eachLocalS3Service } from '../../support/services/each-s3-service.js';

eachLocalS3Service((suite) => {
  const starting = async (options: Partial<S3StorageOptions>) => {
    const storage = new S3Storage({ bucket: suite.bucket.name, clientConfig: suite.address, ...options });
    await storage.start();
  };

  it('starts with the right bucket and credentials, and with a client of the application', async () => {
    await starting({});
    const client = new S3Client(suite.address);
    await starting({ client, clientConfig: undefined });
    client.destroy();
  });

  it('says at start that the bucket is missing, and what to do', async () => {
    await expect(starting({ bucket: 'nobody-has-this' })).rejects.toThrow(
      'S3Storage: the option "bucket" is nobody-has-this, which cannot be used: create it, or name another one',
    );
  });

  it.each(['accessKeyId', 'secretAccessKey'])('says at start that the %s is wrong', async (name) => {
    const { credentials } = suite.address;
    if (!credentials) throw new Error('A local service has credentials.');
    const wrong = { ...suite.address, credentials: { ...credentials, [name]: 'anotherone' } };
    await expect(starting({ clientConfig: wrong })).rejects.toThrow(
      /give the right credentials, in "clientConfig"/,
    );
  });

  it('says at start that nobody answers', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const nowhere = { ...suite.address, endpoint: `http://127.0.0.1:${port}`, maxAttempts: 1 };
    await expect(starting({ clientConfig: nowhere })).rejects.toThrow(/see that "endpoint" and "region"/);
  });

  it('asks nothing at start where that is not wanted', async () => {
    await starting({ bucket: 'nobody-has-this', checkBucket: false });
  });
});

it.each([30_100, 40_300, 40_493])('takes no port that has a status in it for one: %d', async (port) => {
  const refused = new Error(`connect ECONNREFUSED 127.0.0.1:${port}`);
  await expect(startAnswered(refused)).rejects.toThrow(/see that "endpoint" and "region"/);
});

it.each([
  ['PermanentRedirect', 301, 'name the region of the bucket'],
  ['AuthorizationHeaderMalformed', 400, 'name the region of the bucket'],
  ['IllegalLocationConstraintException', 400, 'name the region of the bucket'],
  ['UnknownError', 301, 'name the region of the bucket'],
  ['AccessDenied', 403, 'allow these credentials what docs/s3.md lists'],
  ['UnknownError', 403, 'allow these credentials what docs/s3.md lists'],
  ['ExpiredToken', 400, 'give the right credentials'],
  ['RequestTimeTooSkewed', 403, "set this machine's clock"],
])('says at start what to do about %s (%d)', async (name, httpStatusCode, fix) => {
  const answer = Object.assign(new Error('said by the store'), { name, $metadata: { httpStatusCode } });
  await expect(startAnswered(answer)).rejects.toThrow(fix);
});

it('says at start that the region is missing', async () => {
  await expect(startAnswered(new Error('Region is missing'))).rejects.toThrow(
    'name the region of the bucket',
  );
});

/** A start that is answered so. */
function startAnswered(answer: Error): Promise<void> {
  const lists = { checkAccess: () => Promise.reject(s3Error('ListMultipartUploads', answer)) };
  return checkBucket(lists as unknown as S3Lists, 'uploads');
}
