import { resolve } from 'node:path';

/** Where uploads go. The client library itself reads `GOOGLE_APPLICATION_CREDENTIALS` and `STORAGE_EMULATOR_HOST`. */
export const settings = {
  bucket: process.env.GCS_BUCKET ?? 'uploads',
  /** npm starts scripts in the folder of the package; INIT_CWD is where the user typed the command. */
  database: resolve(process.env.INIT_CWD ?? process.cwd(), process.env.TUS_DATABASE ?? 'uploads.sqlite'),
};
