import type { Upload } from '../model/upload.js';
import type { AppendToUpload, ConcatenateUploads, CreateUpload } from '../uploads/commands.js';

/** What this room needs of the uploads room. Every method throws an `UploadError` for what a client did wrong. */
export interface Uploads {
  create(input: CreateUpload): Promise<Upload>;
  /** @throws UploadNotFoundError, UploadGoneError, FinalNotWritableError before anything else. */
  append(id: string, input: AppendToUpload): Promise<Upload>;
  /** A merge that takes long comes back before its end, in state `merging`. */
  concatenate(input: ConcatenateUploads): Promise<Upload>;
  /** @throws UploadNotFoundError, UploadGoneError */
  get(id: string): Promise<Upload>;
  terminate(id: string): Promise<void>;
}
