import { createHash } from 'node:crypto';
import { OpenPatch } from '../../support/open-patch.js';
import type { Answer } from '../../support/raw-http.js';
import { metadataFor } from './checker.js';
import type { Random } from '../random.js';
import { GivenUp } from './world.js';
import type { World } from './world.js';

const BYTES = 'application/offset+octet-stream';

export interface UploadPlan {
  readonly name: string;
  readonly bytes: Buffer;
  readonly partial: boolean;
  readonly deferred: boolean;
  /** Bytes that come with the creation. */
  readonly early: number;
}

/** One upload of a client of tus: HEAD, then PATCH at the offset, as often as it has to. */
export class Uploader {
  id: string | undefined;

  constructor(
    private readonly world: World,
    private readonly random: Random,
    readonly plan: UploadPlan,
  ) {}

  async create(): Promise<string> {
    while (this.id === undefined) this.id = await this.post();
    return this.id;
  }

  /** @throws GivenUp */
  async finish(): Promise<void> {
    const id = await this.create();
    for (let round = 0; ; round++) {
      if (round === 200) throw new Error(`upload ${id} does not come to its end`);
      const offset = await this.offset();
      if (offset === this.plan.bytes.length && !(this.plan.deferred && offset === 0)) return;
      if (offset !== undefined) await this.send(id, offset);
    }
  }

  /** What HEAD says; undefined if its answer is lost, or the upload is not there, which is a problem then. */
  async offset(): Promise<number | undefined> {
    const id = await this.create();
    const floor = this.world.floor(id);
    const answer = await this.world.request({ method: 'HEAD', id });
    if (!answer) return undefined;
    if (answer.status !== 200) {
      this.world.unexpected(`HEAD of ${this.plan.name} (${id})`, answer);
      throw new GivenUp();
    }
    const offset = Number(answer.headers['upload-offset']);
    this.world.tell(id, offset, floor);
    return offset;
  }

  /** Some bytes of it, up to a third of all, so that an upload takes several requests. */
  async some(): Promise<void> {
    const offset = await this.offset();
    if (this.id !== undefined && offset !== undefined) await this.patch(this.id, offset, this.piece(offset));
  }

  private async post(): Promise<string | undefined> {
    const { name, bytes, partial, deferred, early } = this.plan;
    const body = early > 0 ? { body: bytes.subarray(0, early) } : {};
    const answer = await this.world.request({
      method: 'POST',
      headers: {
        'upload-metadata': metadataFor(name),
        ...(deferred ? { 'upload-defer-length': '1' } : { 'upload-length': String(bytes.length) }),
        ...(partial && { 'upload-concat': 'partial' }),
        ...(early > 0 && { 'content-type': BYTES }),
      },
      ...body,
    });
    if (answer && answer.status !== 201) this.world.unexpected(`POST of ${name}`, answer);
    if (answer?.status !== 201) return undefined;
    const id = String(answer.headers.location).split('/').at(-1) ?? '';
    if (early > 0) this.world.tell(id, Number(answer.headers['upload-offset']), 0);
    return id;
  }

  private async send(id: string, offset: number): Promise<void> {
    const piece = this.piece(offset);
    switch (this.random.pick(['plain', 'plain', 'cut', 'twice', 'replayed', 'checked', 'wrong', 'trailer'])) {
      case 'cut':
        return this.cut(id, offset, piece);
      case 'twice':
        await Promise.all([this.patch(id, offset, piece), this.patch(id, offset, piece)]);
        return;
      case 'replayed':
        await this.patch(id, offset, piece);
        return this.patch(id, offset, piece, {}, [409, 413]);
      case 'checked':
        return this.patch(id, offset, piece, { 'upload-checksum': checksumOf(piece) });
      case 'wrong':
        return this.patch(id, offset, piece, { 'upload-checksum': checksumOf(Buffer.from('other')) }, [460]);
      case 'trailer':
        return this.trailer(id, offset, piece);
      default:
        return this.patch(id, offset, piece);
    }
  }

  private async patch(
    id: string,
    offset: number,
    body: Buffer,
    headers: Record<string, string> = {},
    expected: readonly number[] = [204, 409],
  ): Promise<void> {
    const floor = this.world.floor(id);
    const answer = await this.world.request({
      ...{ method: 'PATCH', id, body, chunked: this.random.chance(0.3) },
      headers: { ...this.headers(offset), ...headers },
    });
    if (!answer) return;
    // At a place that was passed already, a body is refused before it is compared.
    if (![...expected, 409].includes(answer.status))
      this.world.unexpected(`PATCH of ${this.plan.name}`, answer);
    if (answer.status === 204) this.tell(id, answer, floor);
  }

  private async cut(id: string, offset: number, piece: Buffer): Promise<void> {
    const open = this.open(id, offset, { contentLength: piece.length });
    const sent = piece.subarray(0, this.random.below(piece.length));
    this.world.passes(sent.length);
    if (sent.length > 0) await this.world.answered(open.send(sent));
    open.cut();
    await open.outcome();
  }

  private async trailer(id: string, offset: number, piece: Buffer): Promise<void> {
    const open = this.open(id, offset, { headers: { trailer: 'Upload-Checksum' } });
    this.world.passes(piece.length);
    await this.world.answered(open.send(piece));
    open.end([['Upload-Checksum', checksumOf(piece)]]);
    const floor = this.world.floor(id);
    const outcome = await this.world.answered(open.outcome());
    if (!outcome) return open.cut();
    if (outcome.status === 204) this.world.tell(id, Number(outcome.offset), floor);
  }

  private open(
    id: string,
    offset: number,
    options: { contentLength?: number; headers?: Record<string, string> },
  ) {
    const headers = { ...this.headers(offset), ...options.headers };
    return OpenPatch.begin(`${this.world.endpoint}/${id}`, { ...options, offset, headers });
  }

  private headers(offset: number): Record<string, string> {
    const { deferred, bytes } = this.plan;
    return {
      'content-type': BYTES,
      'upload-offset': String(offset),
      ...(deferred && { 'upload-length': String(bytes.length) }),
    };
  }

  private piece(offset: number): Buffer {
    const { bytes } = this.plan;
    return bytes.subarray(offset, offset + 1 + this.random.below(Math.ceil(bytes.length / 2)));
  }

  private tell(id: string, answer: Answer, floor: number): void {
    this.world.tell(id, Number(answer.headers['upload-offset']), floor);
  }
}

function checksumOf(bytes: Buffer): string {
  return `sha1 ${createHash('sha1').update(bytes).digest('base64')}`;
}
