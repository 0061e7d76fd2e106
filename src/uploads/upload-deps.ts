import type { CompletionOutbox } from '../events/completion-outbox.js';
import type { UploadHooks } from '../events/upload-hooks.js';
import type { Locker } from '../locks/locker.js';
import type { PartRepository } from '../repository/part-repository.js';
import type { UploadRepository } from '../repository/upload-repository.js';
import type { IdGenerator, KeyGenerator } from '../model/naming.js';
import type { UploadStorage } from '../storage/upload-storage.js';
import type { Background } from './background.js';
import type { BodyBudget } from './body-budget.js';
import type { ChunkMemory } from './chunk-memory.js';

/** What every use case of this room stands on. */
export interface UploadDeps {
  /** The name of the registration. */
  readonly endpoint: string;
  /** The name under which the storage stands in rows. */
  readonly storageName: string;
  readonly repository: UploadRepository;
  readonly parts: PartRepository;
  readonly locker: Locker;
  readonly storage: UploadStorage;
  readonly hooks: UploadHooks;
  readonly outbox: CompletionOutbox;
  readonly background: Background;
  readonly budget: BodyBudget;
  /** Frees chunks that are stored; undefined to leave them to the garbage collector. */
  readonly memory: ChunkMemory | undefined;
  readonly settings: UploadSettings;
}

export interface UploadSettings {
  /** Bytes that an upload may have at most where a call does not say it; undefined for no limit. */
  readonly maxSize: number | undefined;
  /** Makes ids; undefined for random ones. */
  readonly idGenerator: IdGenerator | undefined;
  /** Says where uploads are published; undefined for under their ids. */
  readonly key: KeyGenerator | undefined;
  /** Whether partials keep their bytes after a merge. */
  readonly keepPartials: boolean;
  /** Whether finals may wait for partials that still take bytes. */
  readonly unfinishedFinals: boolean;
  /** Milliseconds after which a merge is answered before it is done. */
  readonly respondAfter: number;
  readonly expiration: ExpirationSettings;
  /** Milliseconds without a byte of body before the client is given up; 0 waits for ever. */
  readonly bodyIdleTimeout: number;
}

/** Milliseconds until an upload expires; null for never. */
export interface ExpirationSettings {
  /** From the creation, or the last byte, of an upload that is not complete; partials always. */
  readonly unfinished: number | null;
  /** From the completion. */
  readonly completed: number | null;
  /** Whether each stored byte extends the time of an unfinished one. */
  readonly sliding: boolean;
  /** Whether the object goes with a completed upload that has expired. */
  readonly deleteCompleted: boolean;
}
