import { TusClientError } from './tus-client.error.js';

/** An optional package is not installed that uploads need; none was created. The message has the command. */
export class MissingPackageError extends TusClientError {
  override readonly code = 'MISSING_PACKAGE';

  constructor(name: string, options?: ErrorOptions) {
    super(`Uploads need the package ${name}: npm install ${name}.`, options);
  }
}
