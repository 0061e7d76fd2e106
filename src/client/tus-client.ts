import type { Readable } from 'node:stream';
import { Observable } from 'rxjs';
import { checkOptions, isHttpUrl, OPTIONS_OF } from './check-options.js';
import { Download } from './download.js';
import { TusClientOptionError } from './errors/client-option.error.js';
import { TusResponseError } from './errors/response.error.js';
import { LinkedAbort } from './http/linked-abort.js';
import { KnownServers } from './known-servers.js';
import type {
  CallOptions,
  DownloadOptions,
  FinalUpload,
  FinalUploadOptions,
  PartialUploadOptions,
  TusClientOptions,
  UploadedFile,
  UploadFileOptions,
  UploadState,
} from './options.js';
import { askServer, demand, type ServerInfo } from './server-info.js';
import { LocalFile } from './source/local-file.js';
import { owning } from './source/owning.js';
import { fingerprintOf, newestFirst } from './store/memory-of-upload.js';
import type { UploadRecord } from './store/url-store.js';
import { connectionOf, type Connection } from './upload/connection.js';
import { FileUpload } from './upload/file-upload.js';
import { awaitMerge, requestFinal } from './upload/final-upload.js';
import { uploadStream } from './upload/stream-upload.js';
import { infoOf, type UploadInfo } from './upload-info.js';

/** A client of any tus 1.0.0 server. It holds no connection: nothing has to be closed. */
export class TusClient {
  private readonly servers = new KnownServers();

  /** @throws TusClientOptionError for an option that cannot be what it is, with the fix. */
  constructor(private readonly options: TusClientOptions = {}) {
    checkOptions(options, OPTIONS_OF.client);
  }

  /**
   * Uploads a file, in one stream or in several at once, or a stream of bytes, which is destroyed in the end. With a `urlStore` it goes on where an
   * earlier call with the same file and endpoint was interrupted.
   * @throws TusClientOptionError, TusUnsupportedError before a byte is sent; UploadSourceError, TusResponseError,
   * TusConnectionError, VerificationError, MergePendingError; UploadInterruptedError after `signal`.
   */
  async uploadFile(input: string | Readable, options: UploadFileOptions = {}): Promise<UploadedFile> {
    return owning(input, async () => {
      const { settings, connection } = this.prepare(options, OPTIONS_OF.file);
      const { parallelUploads = 1, stopAt } = settings;
      if (parallelUploads > 1 && stopAt !== undefined) {
        throw new TusClientOptionError('stopAt', stopAt, 'leave it out where parallelUploads is above 1');
      }
      return this.upload(input, { settings, connection, partial: false });
    });
  }

  /** The same as an Observable of its progress; the last value has the result, and unsubscribing stops the upload. */
  uploadFile$(input: string | Readable, options: UploadFileOptions = {}): Observable<UploadState> {
    return new Observable<UploadState>((subscriber) => {
      const stop = new LinkedAbort(options.signal);
      let last: UploadState | undefined;
      const onProgress: UploadFileOptions['onProgress'] = (progress) => {
        last = progress;
        subscriber.next(progress);
        options.onProgress?.(progress);
      };
      this.uploadFile(input, { ...options, signal: stop.signal, onProgress }).then(
        (result) => {
          if (last) subscriber.next({ ...last, result });
          subscriber.complete();
        },
        (error: unknown) => subscriber.error(error),
      );
      return () => {
        stop.release();
        stop.abort();
      };
    });
  }

  /**
   * Uploads a whole file or stream as a partial upload, for a final that anybody asks for later; resolves with its URL.
   * @throws as `uploadFile`
   */
  async createPartialUpload(input: string | Readable, options: PartialUploadOptions = {}): Promise<string> {
    return owning(input, async () => {
      const { settings, connection } = this.prepare(options, OPTIONS_OF.partial);
      const { url } = await this.upload(input, { settings, connection, partial: true });
      return url;
    });
  }

  /**
   * Has partial uploads merged, in the order of the list, and waits until they are. The metadata are the final's alone.
   * @throws TusResponseError with the server's status, code and text for partials that are unfinished, missing, expired
   * or somebody else's; MergePendingError after `mergeTimeout`; TusClientOptionError for an empty list.
   */
  async createFinalUpload(
    partialUrls: readonly string[],
    options: FinalUploadOptions = {},
  ): Promise<FinalUpload> {
    const { settings, connection } = this.prepare(options, OPTIONS_OF.final);
    const { metadata = {}, mergeTimeout, signal } = settings;
    if (!Array.isArray(partialUrls) || partialUrls.length === 0) {
      throw new TusClientOptionError(
        'partialUrls',
        partialUrls,
        'give a list with the URL of one partial upload at least',
      );
    }
    // A space would end the reference, and what is not ASCII cannot be sent.
    const urls = partialUrls.map((url) => new URL(checkedUrl('partialUrls', url)).href);
    await this.demand(connection, { concatenation: true }, settings);
    const request = { connection, urls, metadata, mergeTimeout, signal };
    const final = await connection.requester.retry(signal, () => requestFinal(request));
    return awaitMerge(final, request);
  }

  /** What the server tells of an upload. */
  async info(url: string, options: CallOptions = {}): Promise<UploadInfo> {
    const { settings, connection } = this.prepareFor('url', url, options);
    return infoOf(url, await connection.requester.send({ method: 'HEAD', url, signal: settings.signal }));
  }

  /** Removes an upload from the server. One that an earlier try may have removed is removed. */
  async terminate(url: string, options: CallOptions = {}): Promise<void> {
    const { settings, connection } = this.prepareFor('url', url, options);
    const { signal } = settings;
    await connection.requester.retry(signal, async (attempt) => {
      try {
        await connection.requester.once({ method: 'DELETE', url, signal });
      } catch (error) {
        const gone = error instanceof TusResponseError && [404, 410].includes(error.status);
        if (!gone || attempt === 0) throw error;
      }
    });
  }

  /** What the server says of itself; asked anew each time. */
  async serverInfo(options: CallOptions = {}): Promise<ServerInfo> {
    const { settings, connection } = this.prepare(options, OPTIONS_OF.call);
    return askServer(connection.requester, connection.endpoint, settings.signal);
  }

  /**
   * Gets a complete upload from a server that gives them back, and puts it at `path` once it is whole; a file that is
   * there is replaced. With `resume` one call at a time for a path.
   */
  async download(
    url: string,
    path: string,
    options: DownloadOptions = {},
  ): Promise<{ path: string; size: number }> {
    const { settings, connection } = this.prepareFor('url', url, options, OPTIONS_OF.download);
    return new Download(connection, url, { path, options: settings }).run();
  }

  /** Uploads of this file, as it is now, to the endpoint that were begun and not finished, partials too; the newest first. */
  async findPreviousUploads(path: string, options: CallOptions = {}): Promise<UploadRecord[]> {
    const { settings, connection } = this.prepare(options, OPTIONS_OF.call);
    const file = await LocalFile.open(path);
    await file.close();
    const prints = (['file', 'partial'] as const).map((kind) =>
      fingerprintOf(kind, connection.endpoint, file.path),
    );
    const found = await Promise.all(prints.map((print) => settings.urlStore?.find(print) ?? []));
    return newestFirst(found.flat(), file.version);
  }

  private async upload(
    input: string | Readable,
    given: {
      readonly settings: UploadFileOptions;
      readonly connection: Connection;
      readonly partial: boolean;
    },
  ): Promise<UploadedFile> {
    const { settings: options, connection, partial } = given;
    const askFor = (needs: { concatenation: boolean }) => this.demand(connection, needs, options);
    if (typeof input !== 'string') {
      refuseForStreams(options);
      return uploadStream({ connection, stream: input, options, partial, demand: askFor });
    }
    if (options.size !== undefined) {
      throw new TusClientOptionError('size', options.size, 'leave it out: a file has its own');
    }
    const file = await LocalFile.open(input);
    try {
      return await new FileUpload({ connection, file, options, partial, demand: askFor }).run();
    } finally {
      await file.close();
    }
  }

  private async demand(
    { requester, endpoint }: Connection,
    { concatenation }: { readonly concatenation: boolean },
    { checksum, signal }: Pick<UploadFileOptions, 'checksum' | 'signal'>,
  ): Promise<void> {
    if (!concatenation && checksum === undefined) return;
    demand(await this.servers.get(requester, endpoint, signal), endpoint, { concatenation, checksum });
  }

  private prepare<T extends CallOptions>(options: T, allowed: Parameters<typeof checkOptions>[1]) {
    checkOptions(options, allowed);
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    const settings = { ...this.options, ...Object.fromEntries(given) } as TusClientOptions & T;
    if (settings.endpoint === undefined) {
      throw new TusClientOptionError('endpoint', undefined, 'say where uploads are created');
    }
    return { settings, connection: connectionOf(settings) };
  }

  private prepareFor<T extends CallOptions | DownloadOptions>(
    name: string,
    url: string,
    options: T,
    allowed: Parameters<typeof checkOptions>[1] = OPTIONS_OF.call,
  ) {
    checkedUrl(name, url);
    // What has a URL needs no place where it would be created.
    return this.prepare<T & CallOptions>({ endpoint: url, ...options }, allowed);
  }
}

function refuseForStreams({ parallelUploads = 1, stopAt, verify }: UploadFileOptions): void {
  if (parallelUploads > 1) {
    throw new TusClientOptionError(
      'parallelUploads',
      parallelUploads,
      'give the path of a file: a stream cannot be cut',
    );
  }
  if (stopAt !== undefined) {
    throw new TusClientOptionError(
      'stopAt',
      stopAt,
      'give the path of a file: of a stream nothing can be kept',
    );
  }
  if (verify)
    throw new TusClientOptionError('verify', verify, 'give the path of a file: a stream is read once');
}

function checkedUrl(name: string, url: string): string {
  if (!isHttpUrl(url)) {
    throw new TusClientOptionError(name, url, 'give an absolute URL that begins with http:// or https://');
  }
  return url;
}
