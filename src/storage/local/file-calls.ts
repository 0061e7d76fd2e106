import { link, rename } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** The calls into the file system whose faults decide what a client is told; tests replace them. */
export interface FileCalls {
  link(existing: string, path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Resolves with how many bytes were written: all of them, or fewer. */
  writev(handle: FileHandle, buffers: readonly Buffer[], position: number): Promise<number>;
  datasync(handle: FileHandle): Promise<void>;
}

export const nodeFileCalls: FileCalls = {
  link: (existing, path) => link(existing, path),
  rename: (from, to) => rename(from, to),
  writev: async (handle, buffers, position) => (await handle.writev([...buffers], position)).bytesWritten,
  datasync: (handle) => handle.datasync(),
};
