export { TusClient } from './tus-client.js';
export { TusClientModule } from './nest/tus-client.module.js';
export type {
  TusClientModuleAsyncOptions,
  TusClientModuleOptions,
  TusClientOptionsFactory,
} from './nest/tus-client.module.js';
export type {
  CallOptions,
  ConnectionOptions,
  DownloadOptions,
  FinalUpload,
  FinalUploadOptions,
  PartialUploadOptions,
  PartProgress,
  RequestHeaders,
  TusClientOptions,
  UploadedFile,
  UploadFileOptions,
  UploadProgress,
  UploadState,
} from './options.js';
export type { ServerInfo } from './server-info.js';
export type { UploadInfo } from './upload-info.js';
export type { Answer } from './http/answer.js';
export type { ClientChecksum } from './source/digest.js';
export type { UploadRecord, UrlStore } from './store/url-store.js';
export { DataSourceUrlStore } from './store/data-source-url-store.js';
export { FileUrlStore } from './store/file-url-store.js';
export { MemoryUrlStore } from './store/memory-url-store.js';
export { MergePendingError } from './errors/merge-pending.error.js';
export { MissingPackageError } from './errors/missing-package.error.js';
export { TusClientError } from './errors/tus-client.error.js';
export { TusClientOptionError } from './errors/client-option.error.js';
export { TusConnectionError } from './errors/connection.error.js';
export { TusProtocolError } from './errors/protocol.error.js';
export { TusResponseError } from './errors/response.error.js';
export { TusUnsupportedError } from './errors/unsupported.error.js';
export { UploadInterruptedError } from './errors/interrupted.error.js';
export { UploadSourceError } from './errors/source.error.js';
export { VerificationError } from './errors/verification.error.js';
export { Metadata } from '../model/metadata.js';
