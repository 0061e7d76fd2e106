export { S3Storage } from './s3.storage.js';
export type { S3StorageOptions } from './options.js';
export type { S3ObjectSettings, S3Upload } from './object-settings.js';
export type { OfUpload } from '../parts/upload-settings.js';
export { PartMemory } from '../parts/part-memory.js';
export type { PartMemoryOptions } from '../parts/part-memory.js';
