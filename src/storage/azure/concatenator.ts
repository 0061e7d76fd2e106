import { Readable } from 'node:stream';
import { StorageError } from '../../model/errors/storage.error.js';
import type { Part } from '../../model/part.js';
import { Gate } from '../parts/gate.js';
import { inParallel } from '../parts/in-parallel.js';
import { PartRecorder } from '../parts/part-recorder.js';
import type { ConcatSource, StoredUpload, WriteContext } from '../upload-storage.js';
import type { AzureApi } from './azure.api.js';
import type { Blocks } from './blocks.js';
import { workHeaders } from './blob-settings.js';
import type { AzureBlobSettings } from './blob-settings.js';
import { missingBlocks, planConcat } from './concat-plan.js';
import type { ConcatBlock, ConcatLimits } from './concat-plan.js';
import type { Copier } from './copier.js';
import type { Keys } from './keys.js';
import type { Publisher } from './publisher.js';
import { isStaged } from './reference.js';
import { SourceBlobs } from './source-blobs.js';

/** Copies of one final at the same time: they cost the server nothing but waiting. */
const COPIES = 8;
/** Blocks of all finals that pass through the server at the same time, where nothing else helps. */
const STREAMS = 2;

export interface ConcatenatorDeps {
  readonly api: AzureApi;
  readonly keys: Keys;
  readonly settings: AzureBlobSettings;
  readonly blocks: Blocks;
  readonly copier: Copier;
  readonly publisher: Publisher;
  /** Default: those of Azure. */
  readonly limits?: ConcatLimits;
}

/** Stages the blocks of a final from its sources, so that only the commit is left to do. */
export class Concatenator {
  private readonly streams = new Gate(STREAMS);
  private readonly blobs: SourceBlobs;

  constructor(private readonly deps: ConcatenatorDeps) {
    this.blobs = new SourceBlobs(deps);
  }

  /** A second call does what is not on record yet, or not in the store any more. */
  async concatenate(
    final: StoredUpload,
    sources: readonly ConcatSource[],
    context: WriteContext,
  ): Promise<void> {
    const plan = planConcat(
      sources.map(({ length }) => length),
      this.deps.limits,
    );
    if (plan.length === 0) return;
    const tags = await this.blobs.tags(sources);
    const merge = { final, sources, tags, context };
    await this.deps.blocks.begin(final, (reference) => context.record(reference));
    await this.stage(await this.missing(plan, merge), merge);
    const lost = await this.lost(plan, final);
    if (lost.length > 0) {
      // Completed by somebody who has lost its right since, or forgotten by the store after a week.
      if (await this.deps.publisher.isThere({ upload: final, since: 0 })) return;
      await this.stage(lost, merge);
      if ((await this.lost(plan, final)).length > 0) throw vanishing(final);
    }
    await this.blobs.check(sources, tags);
  }

  private async missing(
    plan: readonly ConcatBlock[],
    { final, tags }: Merge,
  ): Promise<readonly ConcatBlock[]> {
    if (!isStaged(final)) return plan;
    const missing = missingBlocks(plan, await final.parts.list(), tags);
    if (!missing) await final.parts.forget();
    return missing ?? plan;
  }

  /**
   * Those of which the store has no block.
   * @throws StorageError of kind `missing` if a source had fewer bytes: the store copies what there is
   */
  private async lost(plan: readonly ConcatBlock[], final: StoredUpload): Promise<readonly ConcatBlock[]> {
    const { api, blocks, keys } = this.deps;
    const recorded = new Map((await final.parts.list()).map((part) => [part.number, part]));
    const staged = await api.stagedBlocks(keys.object(final));
    return plan.filter(({ number, length }) => {
      const part = recorded.get(number);
      const bytes = part && staged.get(blocks.of(final, part).id);
      if (bytes !== undefined && bytes !== length) {
        throw new StorageError('missing', `Of ${length} bytes of a partial the store has copied ${bytes}.`);
      }
      return bytes === undefined;
    });
  }

  private async stage(planned: readonly ConcatBlock[], merge: Merge): Promise<void> {
    const { final, tags, context } = merge;
    const recorder = new PartRecorder(final.parts);
    await inParallel(COPIES, planned, async (block) => {
      if (context.signal.aborted) throw new StorageError('unavailable', 'The merge was stopped.');
      const { number, start, length } = block;
      const part = { number, epoch: final.epoch, start, length, tail: false };
      await this.copy(block, part, merge);
      await recorder.add({ ...part, tag: tags[block.source] ?? null });
    });
  }

  private async copy(block: ConcatBlock, part: Omit<Part, 'tag'>, { final, sources }: Merge): Promise<void> {
    const { api, keys, settings, blocks, copier } = this.deps;
    const source = sources[block.source];
    if (!source) throw new RangeError(`There is no source ${block.source}.`);
    const from = keys.object(source.upload);
    const start = source.start + block.from;
    const range = { start, end: start + block.length - 1 };
    const to = blocks.of(final, part);
    if (await copier.copy({ from, range, to, headers: workHeaders(settings, final) })) return;
    const body = () => Readable.from(api.chunks(from, block.length, range), { objectMode: false });
    await this.streams.pass(() => blocks.stage(final, part, { body, length: block.length }));
  }
}

interface Merge {
  readonly final: StoredUpload;
  readonly sources: readonly ConcatSource[];
  /** What is put on record of a block, by its source. */
  readonly tags: readonly string[];
  readonly context: WriteContext;
}

function vanishing({ id }: StoredUpload): StorageError {
  return new StorageError('unavailable', `Blocks of ${id} vanish: something else writes to its blob.`);
}
