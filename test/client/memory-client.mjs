// A client in a process of its own, whose memory a test looks at. It runs the built package.
import { TusClient } from '../../dist/client/tus-client.js';

const { endpoint, path, options } = JSON.parse(process.env.TUS_CLIENT);
await new TusClient({ endpoint }).uploadFile(path, options);
process.stdout.write(String(process.resourceUsage().maxRSS));
