import { resolve } from 'node:path';

/** Where uploads go. The SDK itself reads region and credentials from the variables that begin with `AWS_`. */
export const settings = {
  bucket: process.env.S3_BUCKET ?? 'uploads',
  /** A store that is not Amazon's, such as MinIO. */
  endpoint: process.env.S3_ENDPOINT,
  /** npm starts scripts in the folder of the package; INIT_CWD is where the user typed the command. */
  database: resolve(process.env.INIT_CWD ?? process.cwd(), process.env.TUS_DATABASE ?? 'uploads.sqlite'),
};
