import { createHash } from 'node:crypto';
import { OpenPatch } from '../../support/open-patch.js';
import type { Random } from '../random.js';
import { created } from './client.js';
import type { Client } from './client.js';

const BYTES = 'application/offset+octet-stream';

export interface UploadPlan {
  /** Of its bytes, in its metadata. */
  readonly name: string;
  readonly bytes: Buffer;
  readonly partial?: boolean;
  /** Whether its length is said with the last bytes only. */
  readonly deferred?: boolean;
  /** Bytes that come with the creation. */
  readonly early?: number;
  /** How its pieces are sent. */
  readonly ways?: readonly Way[];
}

type Way = 'plain' | 'chunked' | 'cut' | 'checked' | 'wrong' | 'trailer';

/** One upload of a client of tus: HEAD, then PATCH at the offset, as often as it has to. */
export class Uploader {
  id = '';
  private told = 0;

  constructor(
    private readonly client: Client,
    private readonly random: Random,
    readonly plan: UploadPlan,
  ) {}

  async create(): Promise<void> {
    const { name, bytes, partial, deferred, early = 0 } = this.plan;
    const headers = {
      'upload-metadata': metadataOf(name),
      ...(deferred ? { 'upload-defer-length': '1' } : { 'upload-length': String(bytes.length) }),
      ...(partial && { 'upload-concat': 'partial' }),
      ...(early > 0 && { 'content-type': BYTES }),
    };
    while (this.id === '') {
      const body = early > 0 ? { body: bytes.subarray(0, early) } : {};
      const answer = await this.client.ask({ method: 'POST', headers, ...body }, [201]);
      if (!answer) continue;
      this.id = created(answer);
      this.tell(answer.headers['upload-offset'] ?? 0);
    }
  }

  async finish(): Promise<void> {
    for (let offset = await this.offset(); offset < this.plan.bytes.length; offset = await this.offset()) {
      await this.send(offset);
    }
  }

  /** What HEAD says. */
  async offset(): Promise<number> {
    for (;;) {
      const answer = await this.client.ask({ method: 'HEAD', id: this.id }, [200]);
      if (!answer) continue;
      this.tell(answer.headers['upload-offset']);
      return Number(answer.headers['upload-offset']);
    }
  }

  async send(offset: number): Promise<void> {
    const { bytes, ways = ['plain', 'chunked', 'cut'] } = this.plan;
    const piece = bytes.subarray(offset, offset + 1 + this.random.below(Math.ceil(bytes.length * 0.7)));
    const way = this.random.pick(ways);
    if (way === 'cut') return this.cut(offset, piece);
    if (way === 'trailer') return this.trailer(offset, piece);
    const checksum = way === 'wrong' ? checksumOf(Buffer.from('other')) : checksumOf(piece);
    const answer = await this.client.ask(
      {
        ...{ method: 'PATCH', id: this.id, body: piece, chunked: way === 'chunked' },
        headers: {
          ...this.headers(offset, piece),
          ...((way === 'wrong' || way === 'checked') && { 'upload-checksum': checksum }),
        },
      },
      way === 'wrong' ? [460, 409] : [204, 409],
    );
    if (answer?.status === 204) this.tell(answer.headers['upload-offset']);
  }

  private async cut(offset: number, piece: Buffer): Promise<void> {
    const open = this.open(offset, piece, { contentLength: piece.length });
    await open.send(piece.subarray(0, this.random.below(piece.length)));
    open.cut();
    await open.outcome();
  }

  private async trailer(offset: number, piece: Buffer): Promise<void> {
    const open = this.open(offset, piece, { headers: { trailer: 'Upload-Checksum' } });
    await open.send(piece);
    open.end([['Upload-Checksum', checksumOf(piece)]]);
    const outcome = await open.outcome();
    if (outcome.status === 204) this.tell(outcome.offset);
    else if ([0, 423, 503].includes(outcome.status))
      this.client.fails(`a PATCH with a trailer got ${outcome.status}`);
    else if (outcome.status !== 409) this.client.wrong(`a PATCH with a trailer got ${outcome.status}`);
  }

  private open(
    offset: number,
    piece: Buffer,
    { headers, ...options }: { contentLength?: number; headers?: Record<string, string> },
  ): OpenPatch {
    return OpenPatch.begin(`${this.client.endpoint}/${this.id}`, {
      ...options,
      offset,
      headers: { ...this.headers(offset, piece), ...headers },
    });
  }

  private headers(offset: number, piece: Buffer): Record<string, string> {
    const { deferred, bytes } = this.plan;
    const last = offset + piece.length === bytes.length;
    return {
      'content-type': BYTES,
      'upload-offset': String(offset),
      ...(deferred && last && { 'upload-length': String(bytes.length) }),
    };
  }

  /** What was told is never taken back. */
  private tell(offset: unknown): void {
    if (!(Number(offset) >= this.told))
      this.client.wrong(`${this.id} went from ${this.told} to ${String(offset)}`);
    this.told = Number(offset);
  }
}

/** The metadata that says under which name an upload's bytes are known. */
export function metadataOf(name: string): string {
  return `name ${Buffer.from(name).toString('base64')}`;
}

function checksumOf(bytes: Buffer): string {
  return `sha1 ${createHash('sha1').update(bytes).digest('base64')}`;
}
