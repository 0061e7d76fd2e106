// An upload by TusClient, in a process of its own: see upload.mjs for what it is given and tells.
import { TusClient } from '../../dist/client/tus-client.js';
import { measured } from './upload.mjs';

await measured(async ({ endpoint, path, options }) => {
  const { url } = await new TusClient({ endpoint }).uploadFile(path, options);
  return url;
});
