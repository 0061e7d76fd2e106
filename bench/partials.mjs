import { pieces } from './content.mjs';
import { head, must } from './raw-connection.mjs';
import { BYTES } from './tus-request.mjs';

const PARTIAL = { 'upload-concat': 'partial' };

/** Makes a partial and fills it in one PATCH with the content from `start` on. Resolves with its path. */
export async function sendPartial(connection, server, { start, length }) {
  const announced = { ...PARTIAL, 'upload-length': length, 'content-length': 0 };
  const created = await connection.request(head('POST', server.path, announced));
  must(201, created);
  const headers = { ...BYTES, 'upload-offset': 0, 'content-length': length };
  must(204, await connection.request(head('PATCH', created.path, headers), pieces(start, length)));
  return created.path;
}

/** Asks for the final, and waits until it is whole, where the answer comes before that. Resolves with its path. */
export async function merge(connection, server, { paths, length }) {
  const headers = { 'upload-concat': `final;${paths.join(' ')}`, 'content-length': 0 };
  const created = await connection.request(head('POST', server.path, headers));
  must(201, created);
  while ((await connection.request(head('HEAD', created.path))).offset !== length);
  return created.path;
}
