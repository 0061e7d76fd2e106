// A limit: takes bodies and keeps nothing of them.
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  let received = Number(request.headers['upload-offset'] ?? 0);
  request.on('data', ({ length }) => (received += length));
  request.on('end', () => {
    const creates = request.method === 'POST';
    response.writeHead(creates ? 201 : 204, {
      'upload-offset': received,
      ...(creates && { location: '/files/sink', 'content-length': 0 }),
    });
    response.end();
  });
});
server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port, path: '/files' }));
