import { describe, expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { ExitCode } from '../../src/cli/exit-code.js';
import { transferUpload } from '../../src/cli/transfer.js';
import { TusConnectionError } from '../../src/client/errors/connection.error.js';
import { UploadInterruptedError } from '../../src/client/errors/interrupted.error.js';
import { UploadSourceError } from '../../src/client/errors/source.error.js';

const stream = new PassThrough() as unknown as NodeJS.WriteStream;
const session = { env: {}, stdout: stream, stderr: stream, signal: new AbortController().signal };

const upload = (failure: Error) =>
  transferUpload(session, { label: '', json: false }, () => Promise.reject(failure));

describe('an upload that ends early', () => {
  it.each([
    ['the connection was lost', new TusConnectionError('http://a/', new Error('reset')), ExitCode.TryLater],
    ['it was interrupted', new UploadInterruptedError(true), ExitCode.Interrupted],
  ])('says how to go on when %s', async (_case, failure, exitCode) => {
    const message = `${failure.message} Run the same command with --resume to go on from here.`;
    await expect(upload(failure)).rejects.toMatchObject({ message, exitCode });
  });

  it('promises nothing where nothing was remembered', () =>
    expect(upload(new UploadInterruptedError(false))).rejects.toMatchObject({
      message: 'The upload was interrupted.',
      exitCode: ExitCode.Interrupted,
    }));

  it('says what it says when trying again would not help', async () => {
    const failure = new UploadSourceError('The file is gone.');
    await expect(upload(failure)).rejects.toBe(failure);
  });
});
