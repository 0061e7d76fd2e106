import { Readable } from 'node:stream';
import { BodyTooLongError } from '../../src/model/errors/body-too-long.error.js';
import { FinalNotWritableError } from '../../src/model/errors/final-not-writable.error.js';
import { OffsetConflictError } from '../../src/model/errors/offset-conflict.error.js';
import { UploadNotFoundError } from '../../src/model/errors/upload-not-found.error.js';
import { Metadata } from '../../src/model/metadata.js';
import { isCompleted } from '../../src/model/upload.js';
import type { Upload, UploadKind } from '../../src/model/upload.js';
import type { Uploads } from '../../src/http/tus-http.js';
import type {
  AppendToUpload,
  BodyInput,
  ConcatenateUploads,
  CreateUpload,
} from '../../src/uploads/commands.js';
import type { StoredObject } from '../../src/uploads/read-upload.js';

interface Held {
  upload: Upload;
  bytes: Buffer;
}

/** Uploads in memory: the rules of the uploads room as far as the HTTP room can see them. */
export class FakeUploads implements Uploads {
  /** What the next call throws instead of doing its work. */
  nextFailure: unknown;
  /** The state that finals are left in. */
  finalState: Upload['state'] = 'complete';
  private readonly held = new Map<string, Held>();
  private created = 0;

  async create(input: CreateUpload): Promise<Upload> {
    this.failOnce();
    const one = this.add(input.partial ? 'partial' : 'single', {
      length: input.length,
      rawMetadata: input.metadata ?? null,
      concat: input.concat ?? null,
    });
    if (input.body) await this.receive(one, { ...input, body: input.body });
    return one.upload;
  }

  async append(id: string, input: AppendToUpload): Promise<Upload> {
    this.failOnce();
    const one = this.find(id);
    if (one.upload.kind === 'final') throw new FinalNotWritableError();
    const length = one.upload.length ?? input.length ?? null;
    if (length !== null && input.offset + (input.contentLength ?? 0) > length) throw new BodyTooLongError();
    if (input.offset !== one.upload.offset) throw new OffsetConflictError(one.upload.offset);
    one.upload = { ...one.upload, length };
    await this.receive(one, input);
    return one.upload;
  }

  async concatenate(input: ConcatenateUploads): Promise<Upload> {
    this.failOnce();
    const bytes = Buffer.concat(input.partialIds.map((id) => this.find(id).bytes));
    const { length } = bytes;
    const final = this.add('final', {
      length,
      offset: length,
      state: this.finalState,
      rawMetadata: input.metadata ?? null,
      concat: input.concat ?? null,
    });
    final.bytes = bytes;
    return final.upload;
  }

  async get(id: string): Promise<Upload> {
    this.failOnce();
    return this.find(id).upload;
  }

  async object(id: string): Promise<StoredObject> {
    this.failOnce();
    const { upload, bytes } = this.find(id);
    if (!isCompleted(upload)) throw new UploadNotFoundError();
    return { upload, open: () => Promise.resolve(Readable.from([bytes])) };
  }

  async terminate(id: string): Promise<void> {
    this.failOnce();
    this.find(id);
    this.held.delete(id);
  }

  bytesOf(id: string): string {
    return this.find(id).bytes.toString();
  }

  get size(): number {
    return this.held.size;
  }

  private add(kind: UploadKind, over: Partial<Upload>): Held {
    this.created += 1;
    const upload: Upload = {
      id: `u${this.created}`,
      kind,
      state: 'open',
      offset: 0,
      length: null,
      metadata: Metadata.empty,
      rawMetadata: null,
      concat: null,
      storage: 'fake',
      key: null,
      owner: null,
      createdAt: new Date(0),
      completedAt: null,
      expiresAt: null,
      ...over,
    };
    const one = { upload, bytes: Buffer.alloc(0) };
    this.held.set(upload.id, one);
    return one;
  }

  private find(id: string): Held {
    const one = this.held.get(id);
    if (!one) throw new UploadNotFoundError();
    return one;
  }

  private async receive(one: Held, { body, onBodyWanted }: BodyInput): Promise<void> {
    onBodyWanted?.();
    one.bytes = Buffer.concat([one.bytes, await contentOf(body)]);
    one.upload = { ...one.upload, offset: one.bytes.length };
  }

  private failOnce(): void {
    const failure = this.nextFailure;
    this.nextFailure = undefined;
    if (failure !== undefined) throw failure;
  }
}

async function contentOf(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
