import { run as onePatch } from './one-patch.mjs';

const preload = new URL('../ballast.mjs', import.meta.url);

export const title = '1 GiB in one PATCH, beside the heap of an application';
export const how =
  'As 1 GiB in one PATCH, in a process that keeps 400 MB of live objects, and in one that keeps none, after one collection of the whole heap. The mark-compacts ' +
  'are the collections of the whole heap that came meanwhile. Rows that name no Node are of the one that runs all workloads.';
export const bound =
  'as in one PATCH: chunks are freed as soon as they are written, so that V8 sees no memory outside its heap that would make it mark all that the application keeps.';
export const servers = [undefined, 20].flatMap((node) =>
  ['nestjs-tus', 'tus-server'].flatMap((server) =>
    [0, 400].map((megabytes) => ({
      name: `${server}${node ? `, Node ${node}` : ''}, ${megabytes} MB`,
      server,
      node,
      preload,
      env: { TUS_BALLAST_MB: String(megabytes) },
    })),
  ),
);
export const ownProcess = true;

export async function run(server, options) {
  await server.ask('settle');
  const before = await server.ask('collections');
  const figures = await onePatch(server, options);
  const after = await server.ask('collections');
  return { ...figures, 'mark-compacts': [after.markCompacts - before.markCompacts] };
}
