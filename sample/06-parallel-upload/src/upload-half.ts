// node upload-half.js ENDPOINT FILE FROM TO: uploads the bytes from FROM up to TO as a partial upload, and prints its URL.
import { createReadStream } from 'node:fs';
import { TusClient } from 'nestjs-tus/client';

const [endpoint = '', path = '', from = '', to = ''] = process.argv.slice(2);
const [start, end] = [Number(from), Number(to)];

const client = new TusClient({ endpoint });
const bytes = createReadStream(path, { start, end: end - 1 });
console.log(await client.createPartialUpload(bytes, { size: end - start }));
