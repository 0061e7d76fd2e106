import type { Readable } from 'node:stream';
import { UploadInterruptedError } from '../errors/interrupted.error.js';
import { LinkedAbort } from '../http/linked-abort.js';
import type { UploadedFile, UploadFileOptions } from '../options.js';
import { StreamPart } from '../source/stream-part.js';
import type { Connection } from './connection.js';
import { HELD_CHUNK } from './file-upload.js';
import { ProgressMeter } from './progress-meter.js';
import { runPart } from './run-part.js';

export interface StreamUploadDeps {
  readonly connection: Connection;
  readonly stream: Readable;
  readonly options: UploadFileOptions;
  readonly partial: boolean;
  /** @throws TusUnsupportedError */
  readonly demand: (needs: { readonly concatenation: boolean }) => Promise<void>;
}

/** Uploads a stream, which nobody can go on with later. */
export async function uploadStream(deps: StreamUploadDeps): Promise<UploadedFile> {
  const { connection, stream, options, partial } = deps;
  const { size = null, chunkSize = HELD_CHUNK, metadata = {}, signal, checksum } = options;
  const meter = new ProgressMeter([size], (progress) => options.onProgress?.(progress));
  const source = new StreamPart(stream, size, checksum);
  const link = new LinkedAbort(signal);
  const run = { connection, source: () => source, size, metadata, partial, chunkSize, url: null };
  try {
    await deps.demand({ concatenation: partial });
    const { url, offset, answer } = await runPart({
      ...run,
      onUrl: async () => undefined,
      onProgress: (sent) => meter.report(0, sent),
      signal: link.signal,
    });
    meter.finish();
    return { url, size: offset, offset, resumed: false, answer };
  } catch (error) {
    throw signal?.aborted ? new UploadInterruptedError(false, { cause: signal.reason }) : error;
  } finally {
    link.release();
  }
}
