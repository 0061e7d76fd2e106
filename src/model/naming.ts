import type { Metadata } from './metadata.js';
import type { RequestContext } from './request-context.js';

/** An upload before it exists, as `key` sees it. Never a partial. */
export interface UploadDraft {
  readonly id: string;
  readonly kind: 'single' | 'final';
  /** Total bytes; null while the client has not said it, and for a final, which is as long as its partials. */
  readonly length: number | null;
  readonly metadata: Metadata;
  /** Whoever created it, as the application's authorization says; null without one. */
  readonly owner: string | null;
}

/** Makes the id of a new upload. Without a request, for a call of `UploadService`, the context is undefined. */
export type IdGenerator = (context: RequestContext | undefined) => string | Promise<string>;

/** Says where an upload is published. Without a request, for a call of `UploadService`, the context is undefined. */
export type KeyGenerator = (
  upload: UploadDraft,
  context: RequestContext | undefined,
) => string | Promise<string>;

/** Refuses metadata by returning the text that the client is answered with; returns nothing to accept it. */
export type MetadataValidator = (
  metadata: Metadata,
  context: RequestContext,
) => string | void | Promise<string | void>;
