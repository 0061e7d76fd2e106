import type * as TusJsClient from 'tus-js-client';
import { MissingPackageError } from '../errors/missing-package.error.js';

/**
 * The package that uploads are built on, which is optional for whoever has none.
 * @throws MissingPackageError if it is not installed.
 */
export async function loadTusJsClient(): Promise<typeof TusJsClient> {
  try {
    return await import('tus-js-client');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // One of its own packages may be missing as well, which the error itself says better.
    const missing = code === 'ERR_MODULE_NOT_FOUND' && message.includes("'tus-js-client'");
    throw missing ? new MissingPackageError('tus-js-client', { cause: error }) : error;
  }
}
