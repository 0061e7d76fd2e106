import type { Readable } from 'node:stream';
import { UploadTooLargeError } from '../../model/errors/upload-too-large.error.js';
import { writeParts } from '../parts/part-writer.js';
import type { PartMemory } from '../parts/part-memory.js';
import { partRules } from '../parts/part-rules.js';
import type { PartRules } from '../parts/part-rules.js';
import { SHARED_MEMORY } from '../parts/shared-memory.js';
import { checkSettingsOf } from '../parts/upload-settings.js';
import type {
  AppendContext,
  AppendResult,
  ByteRange,
  Completed,
  ConcatSource,
  NewStoredUpload,
  StoredUpload,
  UploadStorage,
  WriteContext,
} from '../upload-storage.js';
import { AppendTarget } from './append-target.js';
import type { AppendTargetDeps } from './append-target.js';
import { checkBucket } from './check-bucket.js';
import { checkOptions } from './check-options.js';
import { Cleaner } from './cleaner.js';
import { clientOf } from './client.js';
import { Completer } from './completer.js';
import { Concatenator } from './concatenator.js';
import { Keys } from './keys.js';
import { Multiparts } from './multiparts.js';
import { LARGEST_PART, LEAST_PART, MOST_PARTS } from './options.js';
import type { S3StorageOptions } from './options.js';
import { Publisher } from './publisher.js';
import { readObject } from './reader.js';
import { Requests } from './requests.js';
import { S3Api } from './s3.api.js';
import { S3Lists } from './s3.lists.js';
import { WorkObjects } from './work-objects.js';
import { SETTING_RULES, WORK_RULES } from './setting-rules.js';

const REQUEST_MILLISECONDS = 60_000;
const PARTS_IN_FLIGHT = 4;

/**
 * Keeps uploads in a bucket of Amazon S3, or of a store that speaks its protocol. An object appears under its key when
 * it is complete; what is unfinished is a multipart upload, or an object below `<prefix>.tus/`.
 */
export class S3Storage implements UploadStorage {
  readonly maxUnfinishedAge?: number;

  private readonly lists: S3Lists;
  private readonly keys: Keys;
  private readonly rules: PartRules;
  private readonly memory: PartMemory;
  private readonly target: AppendTargetDeps;
  private readonly completer: Completer;
  private readonly concatenator: Concatenator;
  private readonly cleaner: Cleaner;

  /** @throws TusOptionError that names the option at fault. */
  constructor(private readonly options: S3StorageOptions) {
    checkOptions(options);
    const { bucket, prefix = '', object: settings = {}, signPayload } = options;
    const { overwrite = false, conditionalWrites = true, partsInFlight = PARTS_IN_FLIGHT } = options;
    const { requestTimeout = REQUEST_MILLISECONDS, memory = SHARED_MEMORY } = options;
    const client = clientOf(options);
    const requests = new Requests(requestTimeout);
    const api = new S3Api({ client, requests, bucket, signPayload });
    const lists = new S3Lists({ client, requests, bucket });
    const keys = new Keys(prefix);
    const multiparts = new Multiparts({ api, lists, keys, settings });
    const publisher = new Publisher({ api, keys, overwrite, conditionalWrites });
    const work = new WorkObjects({ api, lists });
    if (options.maxUnfinishedAge !== undefined) this.maxUnfinishedAge = options.maxUnfinishedAge;
    this.lists = lists;
    this.keys = keys;
    this.memory = memory;
    this.rules = rulesOf(options);
    this.target = { api, keys, settings, multiparts, publisher, work };
    this.completer = new Completer({ api, keys, settings, multiparts, publisher, partsInFlight });
    const limits = (bytes: number) => this.limits(bytes);
    this.concatenator = new Concatenator({ api, keys, multiparts, publisher, memory, limits });
    this.cleaner = new Cleaner({ api, keys, multiparts, work });
  }

  /** @throws Error that names what is wrong with the bucket, the credentials or the region, unless `checkBucket` is false. */
  async start(): Promise<void> {
    if (this.options.checkBucket !== false) await checkBucket(this.lists, this.options.bucket);
  }

  checkKey(key: string): void {
    this.keys.check(key);
  }

  check(upload: NewStoredUpload): void {
    const most = LARGEST_PART * (this.options.maxParts ?? MOST_PARTS);
    if ((upload.length ?? 0) > most) throw new UploadTooLargeError(most);
    const rules = upload.key === null ? WORK_RULES : SETTING_RULES;
    checkSettingsOf(upload, this.options.object ?? {}, { rules, option: 'object' });
  }

  async append(
    upload: StoredUpload,
    body: AsyncIterable<readonly Buffer[]>,
    context: AppendContext,
  ): Promise<AppendResult> {
    const target = new AppendTarget(this.target, upload, (reference) => context.record(reference));
    const { rules, memory } = this;
    const { last, ...result } = await writeParts({ target, rules, memory }, upload, { body, context });
    return last ? { ...result, finish: this.completer.finish(upload, last, target) } : result;
  }

  complete(upload: StoredUpload): Promise<Completed | void> {
    return this.completer.complete(upload);
  }

  concatenate(final: StoredUpload, sources: readonly ConcatSource[], context: WriteContext): Promise<void> {
    return this.concatenator.concatenate(final, sources, context);
  }

  discardWork(upload: StoredUpload): Promise<void> {
    return this.cleaner.discardWork(upload);
  }

  read(upload: StoredUpload, range?: ByteRange): Promise<Readable> {
    return readObject(this.target, upload, range);
  }

  remove(upload: StoredUpload, published: boolean): Promise<void> {
    return this.cleaner.remove(upload, published);
  }

  private limits(bytes: number) {
    const { maxParts = MOST_PARTS, equalParts = false } = this.options;
    const limits = { minPart: LEAST_PART, maxPart: LARGEST_PART, maxParts };
    if (!equalParts) return limits;
    return { ...limits, equalParts: this.rules.sizeOf({ length: bytes }, { start: 0, number: 1 }) };
  }
}

function rulesOf(options: S3StorageOptions): PartRules {
  const { partSize, maxParts = MOST_PARTS, equalParts = false, partsInFlight = PARTS_IN_FLIGHT } = options;
  return partRules({
    ...(partSize !== undefined && { partSize }),
    ...{ least: LEAST_PART, largest: LARGEST_PART, mostParts: maxParts },
    ...{ equal: equalParts, inFlight: partsInFlight },
  });
}
