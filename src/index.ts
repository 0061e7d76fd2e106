export { TusModule } from './module/tus.module.js';
export type {
  AsyncOptions,
  DatabaseFactory,
  DatabaseSource,
  StorageFactory,
  StorageSource,
  TusModuleAsyncOptions,
  TusModuleOptions,
  TusOptions,
  TusOptionsFactory,
  TusRegistration,
} from './module/tus-module-options.js';
export { TusOptionError } from './model/errors/tus-option.error.js';
export {
  InjectTusStorage,
  InjectUploadEvents,
  InjectUploadService,
  getTusStorageToken,
  getUploadEventsToken,
  getUploadServiceToken,
} from './module/tokens.js';
export type { DeliveryOptions } from './module/delivery-options.js';
export type { SqliteFile } from './repository/typeorm/connection-to.js';
export type { SqliteDriver } from './repository/typeorm/sqlite-driver.js';
export { TusController } from './http/tus.controller.js';
export { TUS_HTTP } from './http/tus-http.js';
export type { TusHttp } from './http/tus-http.js';
export type { PlatformRequest, TusRequest } from './http/request-adapter.js';
export type { Answer as TusAnswer } from './http/response-writer.js';
export { TusHttpException } from './http/tus-http-exception.js';
export type { TusExtension } from './protocol/tus/extensions.js';
export type { CorsOptions as TusCorsOptions } from './protocol/tus/cors.js';
export { TUS_CORS } from './protocol/tus/cors.js';
export type { Access } from './uploads/access.js';
export { UploadService } from './uploads/upload.service.js';
export type { StoredObject } from './uploads/read-upload.js';
export type {
  AccessInput,
  AppendToUpload,
  BodyInput,
  ConcatenateUploads,
  CreateUpload,
  ListUploads,
} from './uploads/commands.js';
export { UploadEvents } from './events/upload-events.js';
export type { UploadStreams } from './events/upload-events.js';
export { ofType, ofUpload } from './events/event-operators.js';
export type { UploadChoice } from './events/event-operators.js';
export type {
  UploadCompletedEvent,
  UploadCreatedEvent,
  UploadEvent,
  UploadEventType,
  UploadExpiredEvent,
  UploadFailedEvent,
  UploadProgressEvent,
  UploadTerminatedEvent,
} from './events/upload-event.js';
export type { ChecksumInput } from './uploads/checksums.js';
export type {
  CreationChanges,
  FinishContext,
  FinishedUpload,
  OnUploadComplete,
  OnUploadCreate,
  OnUploadExpire,
  OnUploadFinish,
  OnUploadProgress,
  OnUploadTerminate,
  OnUploadTerminated,
  UploadProposal,
} from './events/hooks.js';
export { TusHooks } from './module/tus-hooks.decorator.js';
export type { TusHooksOptions } from './module/tus-hooks.decorator.js';
export type { FinishAnswer } from './model/finish-answer.js';
export { CompletedUploadPublisher } from './events/broker/completed-upload-publisher.js';
export type {
  CompletedUploadPublisherOptions,
  EventClient,
} from './events/broker/completed-upload-publisher.js';
export type { CompletedUploadData, UploadCloudEvent } from './events/broker/cloud-event.js';
export type { DeliveryCursor, FailedDelivery, ListFailedDeliveries } from './events/failed-delivery.js';
export { LocalStorage } from './storage/local/local.storage.js';
export type { LocalStorageOptions } from './storage/local/options.js';
export type {
  AppendContext,
  AppendResult,
  ByteRange,
  ConcatSource,
  Finish,
  NewStoredUpload,
  StoredUpload,
  UploadParts,
  UploadStorage,
  WriteContext,
} from './storage/upload-storage.js';
export type {
  Authorize,
  AuthorizeContext,
  Operation,
  OwnerOf,
  PlannedUpload,
} from './model/authorization.js';
export type { RequestContext } from './model/request-context.js';
export { Metadata } from './model/metadata.js';
export type { Part } from './model/part.js';
export type { Checksum, ChecksumAlgorithm } from './model/checksum.js';
export type { IdGenerator, KeyGenerator, MetadataValidator, UploadDraft } from './model/naming.js';
export type { Resolvable } from './model/resolvable.js';
export type { CompletedUpload, Upload, UploadKind, UploadState } from './model/upload.js';
export { BodyConsumedError } from './model/errors/body-consumed.error.js';
export { BodyInterruptedError } from './model/errors/body-interrupted.error.js';
export { BodyTooLongError } from './model/errors/body-too-long.error.js';
export { ChecksumMismatchError } from './model/errors/checksum-mismatch.error.js';
export { ExtensionDisabledError } from './model/errors/extension-disabled.error.js';
export { ForbiddenError } from './model/errors/forbidden.error.js';
export { FinalNotWritableError } from './model/errors/final-not-writable.error.js';
export { HookFailedError } from './model/errors/hook-failed.error.js';
export { InvalidHeaderError } from './model/errors/invalid-header.error.js';
export { InvalidKeyError } from './model/errors/invalid-key.error.js';
export { InvalidMetadataError } from './model/errors/invalid-metadata.error.js';
export { InvalidMethodOverrideError } from './model/errors/invalid-method-override.error.js';
export { InvalidPageError } from './model/errors/invalid-page.error.js';
export { InvalidPartialError } from './model/errors/invalid-partial.error.js';
export { KeyConflictError } from './model/errors/key-conflict.error.js';
export { LengthConflictError } from './model/errors/length-conflict.error.js';
export { MalformedRequestError } from './model/errors/malformed-request.error.js';
export { MetadataRefusedError } from './model/errors/metadata-refused.error.js';
export { MethodNotAllowedError } from './model/errors/method-not-allowed.error.js';
export { OffsetConflictError } from './model/errors/offset-conflict.error.js';
export { OptionResultError } from './model/errors/option-result.error.js';
export { PreconditionFailedError } from './model/errors/precondition-failed.error.js';
export { RangeNotSatisfiableError } from './model/errors/range-not-satisfiable.error.js';
export { StateUnknownError } from './model/errors/state-unknown.error.js';
export { StorageFullError } from './model/errors/storage-full.error.js';
export { StorageRefusedError } from './model/errors/storage-refused.error.js';
export { StorageUnavailableError } from './model/errors/storage-unavailable.error.js';
export { StorageError } from './model/errors/storage.error.js';
export { UnsupportedMediaTypeError } from './model/errors/unsupported-media-type.error.js';
export { UnsupportedVersionError } from './model/errors/unsupported-version.error.js';
export { UploadGoneError } from './model/errors/upload-gone.error.js';
export { UploadInUseError } from './model/errors/upload-in-use.error.js';
export { UploadLockedError } from './model/errors/upload-locked.error.js';
export { UploadNotFoundError } from './model/errors/upload-not-found.error.js';
export { UploadRefusedError } from './model/errors/upload-refused.error.js';
export type { UploadRefusal } from './model/errors/upload-refused.error.js';
export { UploadTooLargeError } from './model/errors/upload-too-large.error.js';
export { UploadError } from './model/errors/upload.error.js';
export type { StorageErrorKind } from './model/errors/storage.error.js';
