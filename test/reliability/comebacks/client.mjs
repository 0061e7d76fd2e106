// A client in a process of its own, for the suite that kills it. It runs the built package, and prints the URL.
import { FileUrlStore } from '../../../dist/client/store/file-url-store.js';
import { TusClient } from '../../../dist/client/tus-client.js';

const { endpoint, store, path, options } = JSON.parse(process.env.TUS_CLIENT);
const client = new TusClient({ endpoint, urlStore: new FileUrlStore(store) });
const { url } = await client.uploadFile(path, options);
process.stdout.write(url);
