import type { LoggerService } from '@nestjs/common';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FaultLog } from '../../src/http/fault-log.js';
import { KeyConflictError } from '../../src/model/errors/key-conflict.error.js';
import { StorageFullError } from '../../src/model/errors/storage-full.error.js';
import { StorageUnavailableError } from '../../src/model/errors/storage-unavailable.error.js';
import { StorageError } from '../../src/model/errors/storage.error.js';
import { UploadRefusedError } from '../../src/model/errors/upload-refused.error.js';
import { PLATFORMS, startApp } from './app.js';
import { send, TUS } from './wire.js';

const away = (reason: string) =>
  new StorageUnavailableError({
    cause: new StorageError('unavailable', 'The store did not answer', { cause: new Error(reason) }),
  });

describe('what a storage has answered', () => {
  const lines: string[] = [];
  const logger: LoggerService = {
    log: () => undefined,
    warn: () => undefined,
    error: (message: unknown) => void lines.push(String(message)),
  };
  beforeEach(() => {
    lines.length = 0;
    Logger.overrideLogger(logger);
  });
  afterEach(() => {
    Logger.overrideLogger(false);
    jest.restoreAllMocks();
  });

  it.each(PLATFORMS)(
    'is in the log with its reasons, not in the answer, on %s (CORE-23)',
    async (platform) => {
      const running = await startApp(platform);
      Logger.overrideLogger(logger);
      running.uploads.nextFailure = away('AccessDenied');
      const reply = await send(running.port, { method: 'POST', headers: { ...TUS, 'Upload-Length': '5' } });
      await running.close();
      expect(reply.status).toBe(503);
      expect(reply.body).not.toContain('AccessDenied');
      expect(lines).toEqual(['Answered 503 STORAGE_UNAVAILABLE: The store did not answer: AccessDenied']);
    },
  );

  it('is said once in ten seconds, however many clients meet it, and other faults beside it', () => {
    const clock = jest.spyOn(performance, 'now').mockReturnValue(1000);
    const log = new FaultLog();
    for (const reason of ['first', 'second', 'third']) log.note(away(reason));
    log.note(new StorageFullError({ cause: new Error('ENOSPC') }));
    clock.mockReturnValue(11_000);
    log.note(away('fourth'));
    expect(lines).toEqual([
      expect.stringMatching(/: first$/),
      expect.stringMatching(/^Answered 507 STORAGE_FULL: ENOSPC$/),
      expect.stringMatching(/: fourth \(and 2 more since the last such line\)$/),
    ]);
  });

  it('is not said of what a client has to know by itself, or the application has decided', () => {
    const log = new FaultLog();
    log.note(new KeyConflictError({ cause: new Error('a foreign object') }));
    log.note(new UploadRefusedError('not now', { status: 503 }));
    expect(lines).toEqual([]);
  });
});
