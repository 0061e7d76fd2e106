import { fileURLToPath } from 'node:url';

/** The Node of bench/package.json. */
export const NODE_24 = fileURLToPath(new URL('./node_modules/node/bin/node', import.meta.url));
