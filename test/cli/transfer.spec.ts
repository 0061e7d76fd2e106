import { describe, expect, it } from '@jest/globals';
import { appendFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { ExitCode } from '../../src/cli/exit-code.js';
import { isRemembered, urlStoreFor } from '../../src/cli/open-client.js';
import { transferUpload } from '../../src/cli/transfer.js';
import { TusConnectionError } from '../../src/client/errors/connection.error.js';
import { MergePendingError } from '../../src/client/errors/merge-pending.error.js';
import { UploadInterruptedError } from '../../src/client/errors/interrupted.error.js';
import { UploadSourceError } from '../../src/client/errors/source.error.js';
import { TusClient } from '../../src/client/tus-client.js';
import { ClientFolder, failure } from '../client/client-folder.js';
import { TusPeer } from '../client/tus-peer.js';

const stream = new PassThrough() as unknown as NodeJS.WriteStream;
const session = { env: {}, stdout: stream, stderr: stream, signal: new AbortController().signal };

const upload = (cause: Error, remembered = true) =>
  transferUpload(session, { label: '', json: false, remembered: async () => remembered }, () =>
    Promise.reject(cause),
  );

describe('an upload that ends early', () => {
  it.each([
    ['the connection was lost', new TusConnectionError('http://a/', new Error('reset')), ExitCode.TryLater],
    ['the merge takes long', new MergePendingError('http://a/1', 5), ExitCode.TryLater],
    ['it was interrupted', new UploadInterruptedError(true), ExitCode.Interrupted],
  ])('says how to go on when %s', async (_case, cause, exitCode) => {
    const message = `${cause.message} Run the same command with --resume to go on from here.`;
    await expect(upload(cause)).rejects.toMatchObject({ message, exitCode });
  });

  it('promises nothing where nothing was remembered', async () => {
    const lost = new TusConnectionError('http://a/', new Error('reset'));
    await expect(upload(lost, false)).rejects.toBe(lost);
    await expect(upload(new UploadInterruptedError(false))).rejects.toMatchObject({
      message: 'The upload was interrupted.',
      exitCode: ExitCode.Interrupted,
    });
  });

  it('says what it says when trying again would not help', async () => {
    const cause = new UploadSourceError('The file is gone.');
    await expect(upload(cause)).rejects.toBe(cause);
  });
});

it('An upload is remembered once it has begun at the server, until the file changes', async () => {
  const [folder, peer] = [await ClientFolder.make(), await new TusPeer().start()];
  try {
    const { path: file } = await folder.file(10);
    const { endpoint } = peer;
    const here = { ...session, env: { XDG_STATE_HOME: folder.at('state') } };
    const client = new TusClient({ retryDelays: [] });
    const failsAt = async (method: string) => {
      peer.fault = (request, response) => request.method === method && Boolean(response.writeHead(503).end());
      await failure(client.uploadFile(file, { endpoint, urlStore: urlStoreFor(here, false) }));
      return isRemembered(here, client, { file, endpoint });
    };
    expect(await failsAt('POST')).toBe(false);
    expect(await failsAt('PATCH')).toBe(true);
    await appendFile(file, 'x');
    expect(await isRemembered(here, client, { file, endpoint })).toBe(false);
  } finally {
    await peer.stop();
    await folder.remove();
  }
});
