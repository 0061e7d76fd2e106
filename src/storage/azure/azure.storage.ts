import type { Readable } from 'node:stream';
import { partRules } from '../parts/part-rules.js';
import type { PartRules } from '../parts/part-rules.js';
import { writeParts } from '../parts/part-writer.js';
import type { PartMemory } from '../parts/part-memory.js';
import { SHARED_MEMORY } from '../parts/shared-memory.js';
import { checkSettingsOf } from '../parts/upload-settings.js';
import type {
  AppendContext,
  AppendResult,
  ByteRange,
  ConcatSource,
  NewStoredUpload,
  StoredUpload,
  UploadStorage,
  WriteContext,
} from '../upload-storage.js';
import { AppendTarget } from './append-target.js';
import type { AppendTargetDeps } from './append-target.js';
import { AzureApi } from './azure.api.js';
import { Blocks } from './blocks.js';
import { checkContainer } from './check-container.js';
import { checkOptions } from './check-options.js';
import { Cleaner } from './cleaner.js';
import { clientOf } from './client.js';
import { Completer } from './completer.js';
import { Concatenator } from './concatenator.js';
import { Copier } from './copier.js';
import { copyWays } from './copy-ways.js';
import { DroppedBlocks } from './dropped-blocks.js';
import { Keys } from './keys.js';
import { LARGEST_BLOCK, LEAST_BLOCK, MOST_BLOCKS, UNCOMMITTED_AGE } from './options.js';
import type { AzureStorageOptions } from './options.js';
import { Publisher } from './publisher.js';
import { readBlob } from './reader.js';
import { SETTING_RULES, WORK_RULES } from './setting-rules.js';

const REQUEST_MILLISECONDS = 60_000;
const PARTS_IN_FLIGHT = 4;

/**
 * Keeps uploads in a container of Azure Blob Storage. A blob appears under its key when it is complete; what is
 * unfinished is blocks that are staged and not committed, or a blob below `<prefix>.tus/`.
 */
export class AzureStorage implements UploadStorage {
  readonly maxUnfinishedIdle = UNCOMMITTED_AGE;
  private readonly keys: Keys;
  private readonly rules: PartRules;
  private readonly memory: PartMemory;
  private readonly target: AppendTargetDeps;
  private readonly completer: Completer;
  private readonly concatenator: Concatenator;
  private readonly cleaner: Cleaner;

  /** @throws TusOptionError that names the option at fault. */
  constructor(private readonly options: AzureStorageOptions) {
    checkOptions(options);
    const { container, prefix = '', blob: settings = {}, overwrite = false } = options;
    const { requestTimeout = REQUEST_MILLISECONDS, memory = SHARED_MEMORY } = options;
    const client = clientOf(options);
    const api = new AzureApi(client.getContainerClient(container), requestTimeout);
    const keys = new Keys(prefix);
    const blocks = new Blocks({ api, keys, settings });
    const publisher = new Publisher({ api, keys, overwrite });
    const ways = copyWays({ api, client, container });
    const copier = new Copier({ api, ways, onRefused: warn });
    this.keys = keys;
    this.memory = memory;
    this.rules = rulesOf(options);
    this.target = { api, keys, settings, blocks };
    const dropped = new DroppedBlocks({ blocks, copier, settings });
    this.completer = new Completer({ api, keys, settings, blocks, publisher, dropped });
    this.concatenator = new Concatenator({ api, keys, settings, blocks, copier, publisher });
    this.cleaner = new Cleaner({ api, keys, blocks });
  }

  /** @throws Error that names what is wrong with the container or the credentials, unless `checkContainer` is false. */
  async start(): Promise<void> {
    if (this.options.checkContainer !== false) await checkContainer(this.target, this.options.container);
  }

  checkKey(key: string): void {
    this.keys.check(key);
  }

  check(upload: NewStoredUpload): void {
    const rules = upload.key === null ? WORK_RULES : SETTING_RULES;
    checkSettingsOf(upload, this.options.blob ?? {}, { rules, option: 'blob' });
  }

  async append(
    upload: StoredUpload,
    body: AsyncIterable<readonly Buffer[]>,
    context: AppendContext,
  ): Promise<AppendResult> {
    const target = new AppendTarget(this.target, upload, (reference) => context.record(reference));
    const { rules, memory } = this;
    const input = { body, context: unfenced(context) };
    const { last, ...result } = await writeParts({ target, rules, memory }, upload, input);
    return last ? { ...result, finish: this.completer.finish(upload, last, target) } : result;
  }

  complete(upload: StoredUpload): Promise<void> {
    return this.completer.complete(upload);
  }

  concatenate(final: StoredUpload, sources: readonly ConcatSource[], context: WriteContext): Promise<void> {
    return this.concatenator.concatenate(final, sources, context);
  }

  discardWork(upload: StoredUpload): Promise<void> {
    return this.cleaner.discardWork(upload);
  }

  read(upload: StoredUpload, range?: ByteRange): Promise<Readable> {
    return readBlob(this.target, upload, range);
  }

  remove(upload: StoredUpload, published: boolean): Promise<void> {
    return this.cleaner.remove(upload, published);
  }
}

/** Blocks and tails have the epoch in their names: no number of a silent writer has to be left out. */
function unfenced(context: AppendContext): AppendContext {
  return {
    fenced: false,
    signal: context.signal,
    record: (reference) => context.record(reference),
    progress: (offset) => context.progress(offset),
    release: (batch) => context.release(batch),
  };
}

function rulesOf({ partSize, partsInFlight = PARTS_IN_FLIGHT }: AzureStorageOptions): PartRules {
  return partRules({
    ...(partSize !== undefined && { partSize }),
    ...{ least: LEAST_BLOCK, largest: LARGEST_BLOCK, mostParts: MOST_BLOCKS, inFlight: partsInFlight },
  });
}

function warn(error: Error): void {
  const text =
    'Azure copies no partials by itself, so their bytes pass through this server when they are merged';
  process.emitWarning(`${text} (docs/azure.md tells why). ${error.message}`, {
    type: 'AzureStorageWarning',
    code: 'TUS_AZURE_NO_COPY',
  });
}
