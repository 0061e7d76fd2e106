import { readdir } from 'node:fs/promises';

const files = await readdir(new URL('./workloads/', import.meta.url));

export const workloadNames = files.map((file) => file.replace('.mjs', ''));

export function load(name) {
  return import(`./workloads/${name}.mjs`);
}
