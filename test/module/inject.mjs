// Sends requests through Fastify's inject(), which Jest cannot load, and prints the answers as JSON.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { LocalStorage, TusModule } from '../../dist/index.js';

const storage = new LocalStorage({ directory: process.env.TUS_DIRECTORY });
const app = await NestFactory.create(TusModule.forRoot({ storage }), new FastifyAdapter(), { logger: false });
await app.init();

const tus = { 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream' };
const answers = [];
for (const size of [10, 3 * 1024 * 1024]) {
  const headers = { ...tus, 'upload-offset': '0' };
  const { statusCode } = await app.inject({
    method: 'PATCH',
    url: '/files/none',
    headers,
    payload: Buffer.alloc(size),
  });
  answers.push(statusCode);
}
const headers = { ...tus, 'upload-length': '5' };
const created = await app.inject({ method: 'POST', url: '/files', headers, payload: 'hello' });
answers.push(created.statusCode, created.headers['upload-offset']);
await app.close();
console.log(JSON.stringify(answers));
