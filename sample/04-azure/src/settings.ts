import { resolve } from 'node:path';

/** Where uploads go. */
export const settings = {
  /** As the portal shows it under access keys; by default Azurite's on this machine. */
  connectionString: process.env.AZURE_STORAGE_CONNECTION_STRING ?? 'UseDevelopmentStorage=true',
  container: process.env.AZURE_CONTAINER ?? 'uploads',
  /** npm starts scripts in the folder of the package; INIT_CWD is where the user typed the command. */
  database: resolve(process.env.INIT_CWD ?? process.cwd(), process.env.TUS_DATABASE ?? 'uploads.sqlite'),
};
