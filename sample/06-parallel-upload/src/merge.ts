// node merge.js ENDPOINT URL URL...: has partial uploads merged in this order, and prints the URL of the whole.
import { TusClient } from 'nestjs-tus/client';

const [endpoint = '', ...partialUrls] = process.argv.slice(2);

const client = new TusClient({ endpoint });
const { url } = await client.createFinalUpload(partialUrls, { metadata: { filename: 'halves.bin' } });
console.log(url);
