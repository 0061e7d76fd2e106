// nestjs-tus on Express, with S3 and sqlite3; bodies are signed as by default unless S3_SIGN_PAYLOAD is false.
import { S3Storage } from '../../dist/storage/s3/index.js';
import { serveTus } from '../serve-tus.mjs';

const { S3_BUCKET: bucket, S3_ENDPOINT: endpoint, S3_SIGN_PAYLOAD } = process.env;
const signPayload = S3_SIGN_PAYLOAD === 'false' ? { signPayload: false } : {};
await serveTus({
  driver: 'sqlite3',
  storage: new S3Storage({ bucket, clientConfig: { endpoint, forcePathStyle: true }, ...signPayload }),
});
