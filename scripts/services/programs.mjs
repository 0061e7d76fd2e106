import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Whether all of these programs are on the PATH or in one of the folders. */
export function areThere(programs, folders) {
  const all = [...(process.env.PATH ?? '').split(delimiter), ...folders];
  return programs.every((program) => all.some((folder) => existsSync(join(folder, program))));
}
