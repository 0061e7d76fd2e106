import type { PreviousUpload, UrlStorage } from 'tus-js-client';

// The package exports this class in Node, its type declarations leave it out.
declare module 'tus-js-client' {
  class FileUrlStorage implements UrlStorage {
    constructor(path: string);
    findAllUploads(): Promise<PreviousUpload[]>;
    findUploadsByFingerprint(fingerprint: string): Promise<PreviousUpload[]>;
    removeUpload(urlStorageKey: string): Promise<void>;
    addUpload(fingerprint: string, upload: PreviousUpload): Promise<string>;
  }
}
