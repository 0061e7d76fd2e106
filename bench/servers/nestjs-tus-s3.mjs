// nestjs-tus on Express, with S3 and sqlite3.
import { S3Storage } from '../../dist/storage/s3/index.js';
import { serveTus } from '../serve-tus.mjs';

const { S3_BUCKET: bucket, S3_ENDPOINT: endpoint } = process.env;
await serveTus({
  driver: 'sqlite3',
  storage: new S3Storage({ bucket, clientConfig: { endpoint, forcePathStyle: true } }),
});
