// A limit, no server of tus: POST names a file, and bodies are piped to it. Nothing is on record, nothing is checked.
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const server = createServer(async (request, response) => {
  const creates = request.method === 'POST';
  const id = creates ? randomUUID() : basename(request.url);
  const start = Number(request.headers['upload-offset'] ?? 0);
  const file = createWriteStream(join(process.env.TUS_DIRECTORY, id), { flags: creates ? 'w' : 'r+', start });
  await pipeline(request, file);
  response.writeHead(creates ? 201 : 204, {
    'upload-offset': start + file.bytesWritten,
    ...(creates && { location: `/files/${id}`, 'content-length': 0 }),
  });
  response.end();
});
server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port, path: '/files' }));
