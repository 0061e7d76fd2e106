export { AzureStorage } from './azure.storage.js';
export type { AzureStorageOptions } from './options.js';
export type { AzureBlobSettings, AzureUpload, OfUpload } from './blob-settings.js';
export { PartMemory } from '../parts/part-memory.js';
export type { PartMemoryOptions } from '../parts/part-memory.js';
