import type { BlobRequestConditions, BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { StorageError } from '../../model/errors/storage.error.js';
import { tryAgain } from '../parts/try-again.js';
import { unlessMissing } from '../parts/unless-missing.js';
import type { ByteRange } from '../upload-storage.js';
import { BrokenBodyError, isBroken, isRetained } from './azure.error.js';
import type { BlobHeaders, WorkHeaders } from './blob-settings.js';
import { Requests } from './requests.js';

/** Bytes to send: what is a function gives a new stream for each try. */
export interface BlobBody {
  readonly body: Buffer | (() => Readable);
  readonly length: number;
  /** Ends the request. */
  readonly signal?: AbortSignal | undefined;
}

/** A block of a blob, named by both. */
export interface Block {
  readonly blob: string;
  readonly id: string;
}

/** Where the store reads what it copies, and what allows it to. */
export interface CopySource {
  readonly url: string;
  /** A token of Azure AD; without one the URL says it all. */
  readonly token?: string | undefined;
}

export interface CopyOptions {
  readonly range: ByteRange;
  readonly headers: WorkHeaders;
  /** What the bytes have to have. */
  readonly crc64?: Uint8Array | undefined;
}

export interface BlobState {
  readonly etag: string;
  /** Bytes of the blob. */
  readonly length: number;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface StoredBlob extends BlobState {
  readonly body: Readable;
  /** Bytes of the body: fewer than those of the blob where it is a range. */
  readonly sent: number;
}

/** The requests to the blobs of a container. Each tries again what may pass, and rejects with an `AzureError`. */
export class AzureApi {
  private readonly requests: Requests;

  /** @param requestTimeout - milliseconds that a small request has for its answer */
  constructor(
    private readonly container: ContainerClient,
    requestTimeout: number,
  ) {
    this.requests = new Requests(requestTimeout);
  }

  async putBlob(
    name: string,
    body: BlobBody,
    { headers, conditions }: { readonly headers: BlobHeaders; readonly conditions?: BlobRequestConditions },
  ): Promise<void> {
    await this.sending('Put Blob', body, (source, abortSignal) =>
      this.at(name).upload(source, body.length, {
        ...headers,
        ...(conditions && { conditions }),
        abortSignal,
      }),
    );
  }

  /** Resolves with the CRC64 that the store has computed of the bytes; undefined if it tells none. */
  async stageBlock(
    { blob, id }: Block,
    body: BlobBody,
    headers: WorkHeaders,
  ): Promise<Uint8Array | undefined> {
    const { xMsContentCrc64 } = await this.sending('Put Block', body, (source, abortSignal) =>
      this.at(blob).stageBlock(id, source, body.length, { ...headers, abortSignal }),
    );
    return xMsContentCrc64;
  }

  /**
   * The store reads the source itself.
   * @param source - asked at each try, because what it gives does not hold for long
   */
  async copyBlock(
    { blob, id }: Block,
    source: (abortSignal: AbortSignal) => Promise<CopySource>,
    { range, headers, crc64 }: CopyOptions,
  ): Promise<void> {
    await this.requests.long('Put Block From URL', async (abortSignal) => {
      const { url, token } = await source(abortSignal);
      await this.at(blob).stageBlockFromURL(id, url, range.start, range.end - range.start + 1, {
        ...headers,
        ...(token !== undefined && { sourceAuthorization: { scheme: 'Bearer', value: token } }),
        ...(crc64 && { sourceContentCrc64: crc64 }),
        abortSignal,
      });
    });
  }

  /** All blocks that are not named are dropped. */
  async commitBlocks(
    name: string,
    ids: readonly string[],
    { headers, conditions }: { readonly headers: BlobHeaders; readonly conditions: BlobRequestConditions },
  ): Promise<{ readonly etag: string | undefined }> {
    const { etag } = await this.requests.long('Put Block List', (abortSignal) =>
      this.at(name).commitBlockList([...ids], { ...headers, conditions, abortSignal }),
    );
    return { etag };
  }

  /** Bytes of the blocks that are staged and not committed, by their ids. */
  async stagedBlocks(name: string): Promise<ReadonlyMap<string, number>> {
    const list = await unlessMissing(
      this.requests.small('Get Block List', (abortSignal) =>
        this.at(name).getBlockList('uncommitted', { abortSignal }),
      ),
    );
    return new Map(list?.uncommittedBlocks?.map(({ name: id, size }) => [id, size]));
  }

  /** Undefined if there is no such blob. */
  async head(name: string): Promise<BlobState | undefined> {
    const found = await unlessMissing(
      this.requests.small('Get Blob Properties', (abortSignal) =>
        this.at(name).getProperties({ abortSignal }),
      ),
    );
    return found && stateOf(found, found.contentLength);
  }

  /** Waits for the beginning of a blob, or of a range of it. What breaks off the SDK reads on. */
  async get(name: string, range?: ByteRange): Promise<StoredBlob> {
    const count = range && range.end - range.start + 1;
    const answer = await this.requests.small('Get Blob', (abortSignal) =>
      this.at(name).download(range?.start, count, { abortSignal }),
    );
    // A stream of Node; browsers have another one.
    const body = answer.readableStreamBody as Readable;
    // Of a range, "bytes 0-9/500".
    const total = answer.contentRange?.split('/')[1] ?? answer.contentLength;
    return { ...stateOf(answer, Number(total)), body, sent: answer.contentLength ?? NaN };
  }

  /**
   * Exactly so many bytes, as they come: of a blob, or of a range of it.
   * @throws StorageError of kind `missing` if it has others
   */
  async *chunks(name: string, length: number, range?: ByteRange): AsyncGenerator<Buffer, void> {
    const stored = await this.get(name, range);
    const late = () => stored.body.destroy(new Error('It took too long.'));
    const timer = setTimeout(late, this.requests.timeFor(length));
    try {
      if (stored.sent !== length) {
        throw new StorageError('missing', `Of ${length} bytes of ${name} the store has ${stored.sent}.`);
      }
      yield* stored.body;
    } catch (error) {
      throw error instanceof StorageError ? error : new BrokenBodyError(name, error);
    } finally {
      clearTimeout(timer);
      stored.body.destroy();
    }
  }

  /** All of these bytes, read again if the store breaks off. @throws as `chunks` */
  bytes(name: string, length: number): Promise<Buffer> {
    return tryAgain(() => buffer(this.chunks(name, length)), { passes: isBroken });
  }

  /**
   * With its snapshots. Idempotent.
   * @returns whether it is gone; false if a policy retains it, which does not pass for a long time
   */
  async deleteBlob(name: string, etag?: string): Promise<boolean> {
    try {
      await unlessMissing(
        this.requests.small('Delete Blob', (abortSignal) =>
          this.at(name).delete({
            deleteSnapshots: 'include',
            ...(etag !== undefined && { conditions: { ifMatch: etag } }),
            abortSignal,
          }),
        ),
      );
      return true;
    } catch (error) {
      if (isRetained(error)) return false;
      throw error;
    }
  }

  urlOf(name: string): string {
    return this.at(name).url;
  }

  private sending<T>(
    request: string,
    { body, length, signal }: BlobBody,
    send: (source: Buffer | (() => Readable), abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return this.requests.sending(request, { bytes: length, signal }, (abortSignal) =>
      typeof body === 'function' ? streamed(body, abortSignal, send) : send(body, abortSignal),
    );
  }

  private at(name: string): BlockBlobClient {
    return this.container.getBlockBlobClient(name);
  }
}

/** The SDK looks at no error of a stream that it sends: it would wait for the rest, and the process would end. */
async function streamed<T>(
  body: () => Readable,
  abortSignal: AbortSignal,
  send: (source: () => Readable, abortSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  const broken = new AbortController();
  const opened: Readable[] = [];
  const source = () => {
    const stream = body().on('error', (error) => broken.abort(error));
    opened.push(stream);
    return stream;
  };
  try {
    return await send(source, AbortSignal.any([abortSignal, broken.signal]));
  } catch (error) {
    throw broken.signal.aborted ? broken.signal.reason : error;
  } finally {
    for (const stream of opened) stream.destroy();
  }
}

function stateOf(
  { etag = '', metadata = {} }: { readonly etag?: string; readonly metadata?: Record<string, string> },
  length = NaN,
): BlobState {
  return { etag, length, metadata };
}
