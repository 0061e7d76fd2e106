import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import { join } from 'node:path';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LocalStorage, UploadService } from '../../src/index.js';
import type { AppendContext, AppendResult, StoredUpload, TusModuleOptions } from '../../src/index.js';
import { PLATFORMS, TusApp } from '../support/tus-app.js';

const MIB = 1024 * 1024;
const BLOCK = randomBytes(MIB);

/** Remembers every chunk that came, and how much memory the chunks of the process had at most. */
class RememberingStorage extends LocalStorage {
  readonly chunks: Buffer[] = [];
  highest = 0;

  override append(
    upload: StoredUpload,
    body: AsyncIterable<readonly Buffer[]>,
    context: AppendContext,
  ): Promise<AppendResult> {
    return super.append(upload, this.remembered(body), context);
  }

  /** Bytes that the chunks still hold. */
  get kept(): number {
    return this.chunks.reduce((sum, { length }) => sum + length, 0);
  }

  private async *remembered(body: AsyncIterable<readonly Buffer[]>): AsyncGenerator<readonly Buffer[]> {
    for await (const batch of body) {
      this.chunks.push(...batch);
      this.highest = Math.max(this.highest, process.memoryUsage().arrayBuffers);
      yield batch;
    }
  }
}

async function digest(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(stream, hash);
  return hash.digest('hex');
}

function sinkOf(keep: (chunk: Buffer) => void): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, written) {
      keep(chunk);
      written();
    },
  });
}

/** A middleware that sees the body too, without taking it away: nothing flows before the upload wants it. */
function readingAlong(how: (message: IncomingMessage) => void): (message: IncomingMessage) => void {
  return (message) => {
    how(message);
    message.pause();
  };
}

describe.each(PLATFORMS)('chunks of a body that are stored, on %s', (platform) => {
  let app: TusApp;
  let directory: string;
  let storage: RememberingStorage;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nestjs-tus-chunks-'));
    storage = new RememberingStorage({ directory });
  });
  afterEach(async () => {
    await app.stop();
    await rm(directory, { recursive: true, force: true });
  });

  type Listen = (message: IncomingMessage) => void;

  async function start(tus: Partial<TusModuleOptions> = {}, listen: Listen = () => undefined): Promise<void> {
    const configure = (nest: TusApp['nest']): void => {
      // Before any handler of the request.
      nest.getHttpServer().prependListener('request', listen);
    };
    app = await TusApp.start({ platform, directory, tus: { storage, ...tus }, configure });
  }

  /** An upload of that many copies of the block in the body of its POST. */
  async function upload(blocks: number, headers: Record<string, string> = {}): Promise<string> {
    const length = blocks * MIB;
    const outgoing = request(app.endpoint, {
      method: 'POST',
      headers: {
        'Tus-Resumable': '1.0.0',
        'Upload-Length': length,
        'Content-Type': 'application/offset+octet-stream',
        'Content-Length': length,
        ...headers,
      },
    });
    const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
    Readable.from(Array.from({ length: blocks }, () => BLOCK)).pipe(outgoing);
    const [response] = await answered;
    await buffer(response);
    expect(response.statusCode).toBe(201);
    return digest(createReadStream(join(directory, response.headers.location?.split('/').pop() ?? '')));
  }

  it('hold no memory any more, and the bytes on the disk are those that were sent', async () => {
    await start();
    expect(await upload(8)).toEqual(await digest(Readable.from(Array(8).fill(BLOCK))));
    expect(storage.chunks.length).toBeGreaterThan(0);
    // What is smaller than 1 KiB is left alone.
    expect(storage.kept).toBeLessThan(1024 * storage.chunks.length);
  });

  it('hold no memory any more where the body was checked', async () => {
    await start();
    const sha256 = createHash('sha256');
    for (let i = 0; i < 8; i++) sha256.update(BLOCK);
    await upload(8, { 'Upload-Checksum': `sha256 ${sha256.digest('base64')}` });
    expect(storage.kept).toBeLessThan(1024 * storage.chunks.length);
  });

  it('never add up, however many come', async () => {
    await start();
    const before = process.memoryUsage().arrayBuffers;
    await upload(96);
    expect(storage.highest - before).toBeLessThan(16 * MIB);
  });

  it('are whole with freeChunks: false', async () => {
    await start({ freeChunks: false });
    await upload(4);
    expect(storage.kept).toBe(4 * MIB);
  });

  it.each<[string, (message: IncomingMessage, keep: (chunk: Buffer) => void) => void]>([
    ['reads along', (message, keep) => void message.on('data', keep)],
    ['took the first one', (message, keep) => void message.once('data', keep)],
    ['comes later', (message, keep) => void message.once('resume', () => message.on('data', keep))],
    ['has them piped to it', (message, keep) => void message.pipe(sinkOf(keep))],
  ])('are whole for a middleware that %s', async (_, how) => {
    const kept: Buffer[] = [];
    await start(
      {},
      readingAlong((message) => how(message, (chunk) => void kept.push(chunk))),
    );
    await upload(4);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.every(({ length }) => length > 0)).toBe(true);
    expect(storage.kept).toBe(4 * MIB);
  });

  it('are whole if they came from a stream of the application', async () => {
    await start();
    const chunks = Array.from({ length: 4 }, () => Buffer.from(BLOCK));
    await app.get(UploadService).create({ length: 4 * MIB, body: Readable.from(chunks) });
    expect(chunks.every((chunk) => chunk.equals(BLOCK))).toBe(true);
  });
});
