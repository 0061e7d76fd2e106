import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { UploadOptions } from 'tus-js-client';
import { Metadata } from '../model/metadata.js';
import { UploadFailedError, UploadInterruptedError } from './errors.js';
import { fileTypeOf } from './file-type.js';
import { ResumeStore } from './resume-store.js';
import { runUpload } from './run-upload.js';

export interface UploadFileOptions {
  /** Where uploads are created, for example `http://127.0.0.1:3000/files`. */
  readonly endpoint: string;
  /**
   * Into how many ranges the file is cut, which are uploaded at once and merged by the server (concatenation). A
   * resumed upload keeps the number it began with.
   * @default 1
   */
  readonly parallel?: number;
  /** Added to, or instead of, `filename` and `filetype`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The file that remembers unfinished uploads. Without one, nothing is resumed. */
  readonly resumeFile?: string;
  /**
   * Milliseconds before each try after a failure; a try that gets bytes across starts the list anew.
   * @default [0, 1000, 3000, 5000]
   */
  readonly retryDelays?: readonly number[];
  /** Stops the upload; what the server has stored stays there. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (sent: number, total: number) => void;
  /** Told, in one sentence, of what does not stop the upload. */
  readonly onWarning?: (message: string) => void;
}

export interface UploadedFile {
  /** The URL of the upload; after a parallel one, that of the final. */
  readonly url: string;
  /** Bytes. */
  readonly size: number;
  /** True if an earlier, interrupted upload of the same file was taken up again. */
  readonly resumed: boolean;
}

/**
 * Uploads a file, and goes on where an earlier call with the same file and endpoint was interrupted.
 * @throws UploadFailedError if it cannot be uploaded, InvalidMetadataError for a bad key, UploadInterruptedError.
 */
export async function uploadFile(path: string, options: UploadFileOptions): Promise<UploadedFile> {
  const file = await inspect(resolve(path));
  const metadata = { filename: basename(file.path), filetype: fileTypeOf(file.path), ...options.metadata };
  // Refuses a bad key before any byte is sent.
  Metadata.from(metadata);
  const store = openStore(options);
  const fingerprint = [file.path, file.size, file.modified, options.endpoint].join('-');
  const previous = await store?.newest(fingerprint);
  const resumed = previous !== undefined;
  const tus: UploadOptions = {
    endpoint: options.endpoint,
    metadata,
    // A range of no bytes is a request for nothing, and tus-js-client would ignore the URL of an upload in one stream.
    parallelUploads: resumed
      ? (previous.parallelUploadUrls?.length ?? 1)
      : Math.max(1, Math.min(options.parallel ?? 1, file.size)),
    retryDelays: [...(options.retryDelays ?? [0, 1000, 3000, 5000])],
    fingerprint: async () => fingerprint,
    storeFingerprintForResuming: store !== undefined,
    removeFingerprintOnSuccess: true,
    ...(store && { urlStorage: store }),
    ...(options.onProgress && { onProgress: options.onProgress }),
  };
  try {
    const url = await runUpload({ file, tus, previous, signal: options.signal });
    await store?.settled();
    return { url, size: file.size, resumed };
  } catch (error) {
    // What is being written now decides whether the upload can be resumed.
    await store?.settled();
    throw options.signal?.aborted ? new UploadInterruptedError(store?.remembers ?? false) : error;
  }
}

async function inspect(path: string): Promise<{ path: string; size: number; modified: number }> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new UploadFailedError(
      error.code === 'ENOENT'
        ? `There is no file ${path}.`
        : `The file ${path} cannot be read: ${error.message}.`,
      { cause: error },
    );
  });
  if (!found.isFile()) throw new UploadFailedError(`${path} is not a file.`);
  return { path, size: found.size, modified: found.mtimeMs };
}

function openStore({ resumeFile, onWarning }: UploadFileOptions): ResumeStore | undefined {
  if (resumeFile === undefined) return undefined;
  return new ResumeStore(resumeFile, (error) => {
    const reason = error instanceof Error ? error.message : String(error);
    onWarning?.(`Without ${resumeFile} this upload cannot be resumed: ${reason}.`);
  });
}
