/**
 * A hook that may refuse threw what is no refusal, such as an error of `UploadService`: a fault of the application, which
 * says nothing to the client. Clients get 500, and the log this sentence; what was thrown is the `cause`.
 */
export class HookFailedError extends Error {
  constructor(hook: string, cause: Error) {
    super(
      `${hook} failed with ${cause.name}: ${cause.message} ` +
        'To refuse throw an UploadRefusedError, or an HttpException of 400 to 599.',
      { cause },
    );
    this.name = 'HookFailedError';
  }
}
