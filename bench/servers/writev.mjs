// A limit, no server of tus: POST names a file, and bodies are written to it a mebibyte at a time, while the next one
// gathers. Nothing is on record, nothing is checked.
import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';

const MIB = 1024 * 1024;
const { TUS_DIRECTORY } = process.env;
let count = 0;

const server = createServer(async (request, response) => {
  const creates = request.method === 'POST';
  const id = creates ? `upload-${count++}` : basename(request.url);
  const start = Number(request.headers['upload-offset'] ?? 0);
  const handle = await open(join(TUS_DIRECTORY, id), creates ? 'w' : 'r+');
  const end = await write(handle, request, start);
  await handle.close();
  response.writeHead(creates ? 201 : 204, {
    'upload-offset': end,
    ...(creates && { location: `/files/${id}`, 'content-length': 0 }),
  });
  response.end();
});

async function write(handle, request, start) {
  let [position, batch, size, writing] = [start, [], 0, Promise.resolve()];
  const flush = () => {
    const [buffers, at] = [batch, position];
    position += size;
    [batch, size] = [[], 0];
    writing = buffers.length > 0 ? handle.writev(buffers, at) : Promise.resolve();
  };
  for await (const chunk of request) {
    batch.push(chunk);
    size += chunk.length;
    if (size < MIB) continue;
    await writing;
    flush();
  }
  await writing;
  flush();
  await writing;
  return position;
}

server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port, path: '/files' }));
