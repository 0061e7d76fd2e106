import { PartMemory } from './part-memory.js';

/** The budget of all storages of the process that were not given one of their own. */
export const SHARED_MEMORY = new PartMemory();
