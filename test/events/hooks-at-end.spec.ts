import { rm } from 'node:fs/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { gate } from '../protocol-http/support.js';
import { bodyOf, UploadsContext } from '../uploads/uploads-context.js';
import type { ContextOptions } from '../uploads/uploads-context.js';

/** All but time-outs. */
const GOING_ON = [
  ...(['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask'] as const),
  ...(['setImmediate', 'clearImmediate', 'setInterval', 'clearInterval'] as const),
];

describe('hooks that are told, at the end of the application', () => {
  let context: UploadsContext;
  let lines: string[];

  afterEach(() => rm(context.directory, { recursive: true }));

  async function start(hook: object, tus: ContextOptions['tus'] = {}): Promise<void> {
    lines = [];
    const pool = { onApplicationShutdown: () => void lines.push('pool closed') };
    const providers = [
      { provide: 'hook', useValue: hook },
      { provide: 'pool', useValue: pool },
    ];
    context = await UploadsContext.start({ tus, application: { providers } });
  }

  /** A hook that is not at its end before much else has happened. */
  const slow =
    (name: string) =>
    async ({ offset }: { offset: number }) => {
      lines.push(`begin ${name} ${offset}`);
      for (let turn = 0; turn < 500; turn++) await new Promise(setImmediate);
      lines.push(`end ${name} ${offset}`);
    };

  it('OnUploadProgress is called with what was held back, and returns, before the application closes what it uses', async () => {
    await start({ onUploadProgress: slow('progress') }, { progressInterval: 3_600_000 });
    const { id } = await context.uploads.create({ length: 9 });
    await context.uploads.append(id, { offset: 0, body: bodyOf('h'), contentLength: 1 });
    await context.uploads.append(id, { offset: 1, body: bodyOf('i'), contentLength: 1 });
    await context.leave();
    expect(lines).toEqual([
      ...['begin progress 1', 'end progress 1'],
      ...['begin progress 2', 'end progress 2'],
      'pool closed',
    ]);
  });

  it('OnUploadTerminated is waited for, before the application closes what it uses', async () => {
    await start({ onUploadTerminated: slow('terminated') });
    const { id } = await context.uploads.create({ length: 2 });
    await context.uploads.terminate(id);
    await context.leave();
    expect(lines).toEqual(['begin terminated 0', 'end terminated 0', 'pool closed']);
  });

  it('that do not return are left behind after five seconds', async () => {
    const { closed, open } = gate();
    await start({ onUploadTerminated: () => closed });
    const { id } = await context.uploads.create({ length: 2 });
    await context.uploads.terminate(id);
    await context.idle();
    jest.useFakeTimers({ doNotFake: GOING_ON });
    try {
      const left = context.leave();
      await jest.advanceTimersByTimeAsync(4_999);
      for (let turn = 0; turn < 500; turn++) await new Promise(setImmediate);
      expect(lines).toEqual([]);
      while (lines.length === 0) await jest.advanceTimersByTimeAsync(1);
      await left;
    } finally {
      jest.useRealTimers();
      open();
    }
  });
});
