// A client in a process of its own, whose memory a test looks at. It runs the built package, and prints the KiB that it
// had at most.
import { existsSync, readFileSync } from 'node:fs';
import { TusClient } from '../../dist/client/tus-client.js';

const STATUS = '/proc/self/status';

const { endpoint, path, options } = JSON.parse(process.env.TUS_CLIENT);
await new TusClient({ endpoint }).uploadFile(path, options);
// On Linux `maxRSS` begins with what the process had that started this one.
const most = existsSync(STATUS) ? /VmHWM:\s+(\d+)/.exec(readFileSync(STATUS, 'utf8'))?.[1] : undefined;
process.stdout.write(String(most ?? process.resourceUsage().maxRSS));
