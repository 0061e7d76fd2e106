import { Storage } from '@google-cloud/storage';
import type { Readable } from 'node:stream';
import { StorageError } from '../../model/errors/storage.error.js';
import { UploadTooLargeError } from '../../model/errors/upload-too-large.error.js';
import { writeParts } from '../parts/part-writer.js';
import type { PartMemory } from '../parts/part-memory.js';
import { FIRST_TAIL, partRules } from '../parts/part-rules.js';
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
import { Completer } from './completer.js';
import { Composer } from './composer.js';
import { Concatenator } from './concatenator.js';
import { GcsApi } from './gcs.api.js';
import { Keys } from './keys.js';
import { KnownParts } from './known-parts.js';
import { Objects } from './objects.js';
import { LARGEST_OBJECT, LARGEST_PART, PLANNED_PARTS } from './options.js';
import type { GcsStorageOptions } from './options.js';
import { readObject } from './reader.js';
import { Requests } from './requests.js';
import { SmallParts } from './small-parts.js';
import { Transport } from './transport.js';
import { SETTING_RULES, WORK_RULES } from './setting-rules.js';

const REQUEST_MILLISECONDS = 60_000;
const PART_BYTES = 8 * 1024 * 1024;

/**
 * Keeps uploads in a bucket of Google Cloud Storage. An object appears under its key when it is complete; what is
 * unfinished is an object for each part, below `<prefix>.tus/`, which the store composes.
 */
export class GcsStorage implements UploadStorage {
  /** A partial is an object too: the parts that it was composed of are not needed any more. */
  readonly partialsLeaveWork = true;

  private readonly keys: Keys;
  private readonly api: GcsApi;
  private readonly rules: PartRules;
  private readonly memory: PartMemory;
  private readonly target: AppendTargetDeps;
  private readonly smallParts: SmallParts;
  private readonly completer: Completer;
  private readonly concatenator: Concatenator;
  private readonly cleaner: Cleaner;

  /** @throws TusOptionError that names the option at fault. */
  constructor(private readonly options: GcsStorageOptions) {
    checkOptions(options);
    const { bucket, prefix = '', object: settings = {}, overwrite = false } = options;
    const { requestTimeout = REQUEST_MILLISECONDS, memory = SHARED_MEMORY, partSize = PART_BYTES } = options;
    const client = options.client ?? new Storage(options.clientConfig);
    const api = new GcsApi({
      requests: new Requests({ transport: new Transport(client), requestTimeout }),
      bucket,
    });
    const keys = new Keys(prefix);
    const objects = new Objects({ api });
    const composer = new Composer({ api, keys, settings, objects });
    this.keys = keys;
    this.api = api;
    this.memory = memory;
    this.rules = rulesOf(options, partSize);
    this.target = { api, keys, settings, objects };
    this.smallParts = new SmallParts({ api, keys, settings, partSize, requestTimeout });
    this.completer = new Completer({ api, keys, settings, objects, composer, overwrite });
    this.concatenator = new Concatenator({ api, keys, settings, objects, composer });
    this.cleaner = new Cleaner({ api, keys });
  }

  /** @throws Error that names what is wrong with the bucket or the credentials, unless `checkBucket` is false. */
  async start(): Promise<void> {
    if (this.options.checkBucket !== false) await checkBucket(this.api, this.options.bucket, this.keys.work);
  }

  checkKey(key: string): void {
    this.keys.check(key);
  }

  check(upload: NewStoredUpload): void {
    if ((upload.length ?? 0) > LARGEST_OBJECT) throw new UploadTooLargeError(LARGEST_OBJECT);
    const rules = upload.key === null ? WORK_RULES : SETTING_RULES;
    checkSettingsOf(upload, this.options.object ?? {}, { rules, option: 'object' });
  }

  async append(
    upload: StoredUpload,
    body: AsyncIterable<readonly Buffer[]>,
    context: AppendContext,
  ): Promise<AppendResult> {
    const parts = new KnownParts(upload.parts, this.smallParts.reach);
    const watched = { ...upload, parts };
    const target = new AppendTarget(this.target, watched);
    const { rules, memory } = this;
    const { last, ...result } = await writeParts({ target, rules, memory }, watched, { body, context });
    if (last) return { ...result, finish: this.completer.finish(watched, last, target) };
    // What came just now may not verify, and no row counts it yet: it is joined by a later append.
    if (!result.failure && !context.signal.aborted)
      await this.smallParts.join(watched, parts, context.signal);
    return result;
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
    return readObject({ api: this.api, keys: this.keys }, upload, range);
  }

  remove(upload: StoredUpload, published: boolean): Promise<void> {
    return this.cleaner.remove(upload, published);
  }
}

/** A part may have any size and any number: the end of each request is one, and what is small is joined later. */
function rulesOf({ partsInFlight: inFlight }: GcsStorageOptions, partSize: number): PartRules {
  const largest = Math.max(partSize, LARGEST_PART);
  const limits = { partSize, least: 1, largest, mostParts: PLANNED_PARTS, ...(inFlight && { inFlight }) };
  const rules = partRules(limits);
  const sizeOf: PartRules['sizeOf'] = (upload, place) => {
    const room = LARGEST_OBJECT - place.start;
    if ((upload.length ?? 0) > LARGEST_OBJECT || room <= 0)
      throw new StorageError('full', `No object has more than ${LARGEST_OBJECT} bytes.`);
    return Math.min(rules.sizeOf(upload, place), room);
  };
  return { ...rules, sizeOf, allows: () => true, mostParts: FIRST_TAIL - 1 };
}
