import { readdir } from 'node:fs/promises';
import { run as smallUploads } from './small-uploads.mjs';

export const title = 'Uploads of 4 KiB, with a hook';
export const how =
  'As the uploads of 4 KiB, 32 at once, by an application that is told of each by `OnUploadComplete`, and by one that has no ' +
  'such hook. In the end the hook was called for every upload.';
export const bound =
  'as without a hook; the hook adds its entry in an index to the last statement, and a share in a statement for many that takes it out.';
export const servers = ['nestjs-tus', 'nestjs-tus-hook'];
export const ownProcess = true;

export async function run(server, options) {
  const figures = await smallUploads(server, options);
  if (server.name === 'nestjs-tus-hook') await allDelivered(server);
  return figures;
}

/** The last ones may still be on their way. */
async function allDelivered(server) {
  const uploads = (await readdir(server.directory)).filter((name) => !name.includes('.')).length;
  const end = performance.now() + 10_000;
  for (;;) {
    const { calls } = await server.ask('calls');
    if (calls >= uploads) return;
    if (performance.now() > end) throw new Error(`the hook was called for ${calls} of ${uploads} uploads`);
  }
}
