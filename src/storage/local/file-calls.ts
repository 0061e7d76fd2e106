import { rename } from 'node:fs/promises';
import { files } from './files.js';

/** A file that is written, as a FileHandle or by its descriptor. */
export interface WritableFile {
  readonly fd: number;
  writev(buffers: Buffer[], position: number): Promise<{ readonly bytesWritten: number }>;
  datasync(): Promise<void>;
}

/** The calls into the file system whose faults decide what a client is told; tests replace them. */
export interface FileCalls {
  link(existing: string, path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Resolves with how many bytes were written: all of them, or fewer. */
  writev(handle: WritableFile, buffers: readonly Buffer[], position: number): Promise<number>;
  datasync(handle: WritableFile): Promise<void>;
}

export const nodeFileCalls: FileCalls = {
  link: (existing, path) => files.link(existing, path),
  rename: (from, to) => rename(from, to),
  writev: async (handle, buffers, position) => (await handle.writev([...buffers], position)).bytesWritten,
  datasync: (handle) => handle.datasync(),
};
