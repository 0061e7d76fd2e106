import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { resolve } from 'node:path';
import { TusClientOptionError } from './errors/client-option.error.js';
import { TusConnectionError } from './errors/connection.error.js';
import { TusProtocolError } from './errors/protocol.error.js';
import { TusResponseError } from './errors/response.error.js';
import type { Answer } from './http/answer.js';
import type { DownloadOptions } from './options.js';
import type { Connection } from './upload/connection.js';

/** What is here already. */
interface Draft {
  readonly size: number;
  /** Strong; what is here belongs to the file that has it. */
  readonly etag: string;
}

/**
 * Gets a file, and puts it at its place once it is whole; a file that is there is replaced. A connection that breaks is
 * taken up with `Range` and `If-Range`, so that what belongs to another version of the file is never mixed in.
 */
export class Download {
  private readonly target: string;
  private readonly draft: string;

  constructor(
    private readonly connection: Connection,
    private readonly url: string,
    { path, options }: { readonly path: string; readonly options: DownloadOptions },
  ) {
    this.options = options;
    this.target = resolve(path);
    this.draft = `${this.target}${options.resume ? '' : `.${randomUUID()}`}.part`;
  }

  private readonly options: DownloadOptions;
  /** The farthest byte so far: where a server has no strong ETag, going over the same ones again is no progress. */
  private reached = 0;

  /** @throws TusClientOptionError if the path is a folder, before anything is asked for. */
  async run(): Promise<{ path: string; size: number }> {
    const { resume, signal } = this.options;
    await this.checkTarget();
    try {
      let before = 0;
      const wentOn = () => this.reached > before;
      const size = await this.connection.requester.retry(
        signal,
        () => {
          before = this.reached;
          return this.attempt();
        },
        wentOn,
      );
      await rename(this.draft, this.target);
      await rm(this.tagFile, { force: true });
      return { path: this.target, size };
    } catch (error) {
      if (!resume) await this.discard();
      throw error;
    }
  }

  private async checkTarget(): Promise<void> {
    // What cannot be looked at fails when it is written, with the error of the system.
    const found = await stat(this.target).catch(() => undefined);
    if (found?.isDirectory()) {
      throw new TusClientOptionError('path', this.target, 'name a file: there is a folder of this name');
    }
  }

  private get tagFile(): string {
    return `${this.draft}.etag`;
  }

  private async attempt(): Promise<number> {
    const { signal } = this.options;
    const before = await this.here();
    const range = before && { Range: `bytes=${before.size}-`, 'If-Range': before.etag };
    const call = { method: 'GET', url: this.url, headers: { ...range }, signal };
    const response = await this.connection.requester.open(call);
    try {
      if (response.statusCode === 206 && before) {
        return await this.receive(response, checkedRange(response, before.size), before.size);
      }
      if (response.statusCode === 200) {
        await this.begin(response.headers.etag);
        const length = response.headers['content-length'];
        return await this.receive(response, length === undefined ? null : Number(length), 0);
      }
      return await this.refused(await this.connection.requester.read(response, call), before);
    } finally {
      // What was not read to its end would keep its connection.
      response.destroy();
    }
  }

  private async refused(answer: Answer, before: Draft | undefined): Promise<number> {
    // All of it may be here already, or it is another file now: what is here cannot be told from either.
    if (answer.status === 416 && before) {
      await this.discard();
      return this.attempt();
    }
    throw new TusResponseError('GET', this.url, answer);
  }

  /** What an earlier attempt has left; undefined if there is nothing to go on with. */
  private async here(): Promise<Draft | undefined> {
    const [found, etag] = await Promise.all([
      stat(this.draft).catch(undefinedIfMissing),
      readFile(this.tagFile, 'utf8').catch(undefinedIfMissing),
    ]);
    if (!found || found.size === 0 || !etag) return undefined;
    return { size: found.size, etag };
  }

  /** The old bytes go before the new tag comes, and the other way round a crash would mix two files. */
  private async begin(etag: string | undefined): Promise<void> {
    await rm(this.tagFile, { force: true });
    await writeFile(this.draft, '');
    // A weak one does not promise the same bytes.
    if (etag?.startsWith('"')) await writeFile(this.tagFile, etag);
  }

  /** Appends what comes; resolves with the size of the whole file. */
  private async receive(response: IncomingMessage, total: number | null, from: number): Promise<number> {
    const { signal, onProgress } = this.options;
    const file = await open(this.draft, 'r+');
    let at = from;
    try {
      for await (const piece of this.piecesOf(response, signal)) {
        await writeAll(file, piece, at);
        at += piece.length;
        this.reached = Math.max(this.reached, at);
        onProgress?.(at, total);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    if (total !== null && at !== total) {
      throw new TusConnectionError(this.url, new Error(`it ended after ${at} of ${total} bytes`));
    }
    return at;
  }

  private async *piecesOf(
    response: IncomingMessage,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Buffer> {
    try {
      yield* response as AsyncIterable<Buffer>;
    } catch (error) {
      throw signal?.aborted ? signal.reason : new TusConnectionError(this.url, error);
    }
  }

  private async discard(): Promise<void> {
    await rm(this.tagFile, { force: true });
    await rm(this.draft, { force: true });
  }
}

/** The size of the whole file. */
function checkedRange({ headers }: IncomingMessage, from: number): number {
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  if (Number(start) !== from)
    throw new TusProtocolError('The server gives another range than it was asked for.');
  return Number(total);
}

async function writeAll(
  file: Awaited<ReturnType<typeof open>>,
  bytes: Buffer,
  position: number,
): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

function undefinedIfMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
