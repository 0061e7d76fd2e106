import { fileURLToPath } from 'node:url';

const PACKAGE = new URL('./node_modules/node/', import.meta.url);

/** The Node of bench/package.json. */
export const NODE_24 = fileURLToPath(new URL('./bin/node', PACKAGE));

/** What native modules for it are built with. */
export const NODE_24_HEADERS = fileURLToPath(
  new URL(`./node_modules/node-${process.platform}-${process.arch}/`, PACKAGE),
);
