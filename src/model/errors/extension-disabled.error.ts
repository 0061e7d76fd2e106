import { UploadError } from './upload.error.js';

/** The request needs an extension that OPTIONS does not list (OPT-08). */
export class ExtensionDisabledError extends UploadError {
  readonly status = 400;
  readonly code = 'EXTENSION_DISABLED';

  constructor(readonly extension: string) {
    super(`The extension ${extension} is not enabled on this server.`);
  }
}
