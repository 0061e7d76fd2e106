import { TusOptionError } from '../../model/errors/tus-option.error.js';

/**
 * When written bytes are forced to the disk, so that they survive a power loss. A crash of the process alone loses
 * nothing in any mode.
 *
 * - `completion`: before the completion of an upload is recorded.
 * - `append`: also before each step of the offset. Slower; an offset that was told survives a power loss.
 * - `never`: when the operating system likes to.
 */
export type LocalSync = 'completion' | 'append' | 'never';

export interface LocalStorageOptions {
  /**
   * The folder that holds the objects; a relative path starts at the working directory of the process. It is created
   * if it is missing. Its subfolder `.tus` belongs to the storage.
   */
  readonly directory: string;
  /**
   * When bytes are forced to the disk: before the `'completion'` of an upload is recorded, before each step of its
   * offset too (`'append'`), or `'never'`, which leaves it to the operating system.
   * @default 'completion'
   */
  readonly sync?: LocalSync;
}

const MODES: readonly string[] = ['completion', 'append', 'never'] satisfies LocalSync[];

/** @throws TusOptionError that names the option, what it got, and what it wants. */
export function checkOptions(options: LocalStorageOptions): void {
  const { directory, sync } = options as Partial<Record<keyof LocalStorageOptions, unknown>>;
  if (typeof directory !== 'string' || directory.trim() === '' || directory.includes('\0')) {
    throw new TusOptionError(
      `LocalStorage: the option "directory" must be the path of a folder, for example './uploads'; it is ` +
        `${JSON.stringify(directory)}.`,
    );
  }
  if (sync !== undefined && !(typeof sync === 'string' && MODES.includes(sync))) {
    throw new TusOptionError(
      `LocalStorage: the option "sync" must be 'completion', 'append' or 'never'; it is ${JSON.stringify(sync)}.`,
    );
  }
}
