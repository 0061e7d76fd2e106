export { GcsStorage } from './gcs.storage.js';
export type { GcsStorageOptions } from './options.js';
export type { GcsObjectSettings, GcsUpload } from './object-settings.js';
export type { OfUpload } from '../parts/upload-settings.js';
export { PartMemory } from '../parts/part-memory.js';
export type { PartMemoryOptions } from '../parts/part-memory.js';
