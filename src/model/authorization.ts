import type { RequestContext } from './request-context.js';
import type { Upload } from './upload.js';

/** What is known of an upload before it exists. The length of a final is null where that of a partial is not known. */
export type PlannedUpload = Pick<Upload, 'kind' | 'length' | 'metadata' | 'rawMetadata' | 'owner'>;

/**
 * What may be done, and to which upload.
 * - `create`: POST, of a final too. The upload does not exist yet.
 * - `concatenate`: POST of a final, once for each distinct partial in its list.
 * - `write`: PATCH. `read`: HEAD, and GET where downloads are enabled. `terminate`: DELETE.
 */
export type Operation =
  | { readonly operation: 'create'; readonly upload: PlannedUpload }
  | { readonly operation: 'write' | 'read' | 'concatenate' | 'terminate'; readonly upload: Upload };

/** What the option `authorize` is asked: may this request do this to this upload? */
export type AuthorizeContext = RequestContext & Operation;

/**
 * Decides whether a request may do what it asks for. True, or no value at all, lets it; anything else is answered 403.
 * What it throws is answered as it is.
 */
export type Authorize = (context: AuthorizeContext) => boolean | void | Promise<boolean | void>;

type Owner = string | null | undefined;

/**
 * Who makes a request: 1 to 1,024 characters that stay the same for ever, such as the id of the user; null or undefined
 * for nobody. What it throws is answered as it is.
 */
export type OwnerOf = (context: RequestContext) => Owner | Promise<Owner>;
