import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What `npm run services` has built itself. */
const BUILT = fileURLToPath(new URL('../../../.services', import.meta.url));

/** Where a program is: on the PATH, in `.services`, or in one of the other folders, in their order. */
export function findBinary(name: string, otherFolders: readonly string[] = []): string | undefined {
  const onPath = (process.env['PATH'] ?? '').split(delimiter);
  return [...onPath, BUILT, ...otherFolders]
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/** The folders of installed versions, such as `15` in `parent/15/bin`, newest first. */
export function versionFolders(parent: string, below: string): string[] {
  if (!existsSync(parent)) return [];
  const versions = readdirSync(parent).sort((one, other) => Number(other) - Number(one));
  return versions.map((version) => join(parent, version, below));
}
