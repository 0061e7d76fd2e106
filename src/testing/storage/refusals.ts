import assert from 'node:assert/strict';
import { StorageError } from '../../model/errors/storage.error.js';
import type { StorageErrorKind } from '../../model/errors/storage.error.js';

/** True for the error that opens an upload again; any other is thrown on. */
export function isMissing(error: unknown): true {
  if (error instanceof StorageError && error.kind === 'missing') return true;
  throw error;
}

export async function assertRefused(kind: StorageErrorKind, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof StorageError, `Not a StorageError: ${String(error)}`);
    assert.equal(error.kind, kind, error.message);
    return true;
  });
}
