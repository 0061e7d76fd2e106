export { AzureStorage } from './azure.storage.js';
export type { AzureStorageOptions } from './options.js';
export type { AzureBlobSettings, AzureUpload } from './blob-settings.js';
export type { OfUpload } from '../parts/upload-settings.js';
export { PartMemory } from '../parts/part-memory.js';
export type { PartMemoryOptions } from '../parts/part-memory.js';
