export { GcsStorage } from './gcs.storage.js';
export type { GcsStorageOptions } from './options.js';
export type { GcsObjectSettings, GcsUpload, OfUpload } from './object-settings.js';
export { PartMemory } from '../parts/part-memory.js';
export type { PartMemoryOptions } from '../parts/part-memory.js';
