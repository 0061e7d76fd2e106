// `npm run upload -- FILE [ENDPOINT] [options]`: what users have as `npx nestjs-tus upload`.
import { join } from 'node:path';
import { ensureBuilt, root } from './ensure-built.mjs';

ensureBuilt();
// npm starts scripts in the folder of the package; paths are meant from where the user typed the command.
process.chdir(process.env.INIT_CWD ?? process.cwd());
process.argv.splice(1, 1, join(root, 'dist/cli/main.js'), 'upload');
await import('../dist/cli/main.js');
