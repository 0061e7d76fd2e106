import { beforeEach, describe, expect, it } from '@jest/globals';
import { FinishRuns } from '../../src/events/finish-runs.js';
import type { FinishVerdict } from '../../src/events/finish-runs.js';
import type { FinishContext, FinishedUpload, OnUploadFinish } from '../../src/index.js';
import type { NamedHook } from '../../src/events/named-hook.js';
import { gate } from '../reliability/faults.js';

const MINUTE = 60_000;

describe('when OnUploadFinish is called again', () => {
  let clock: number;
  let runs: FinishRuns;
  let errors: string[];

  beforeEach(() => {
    clock = 0;
    errors = [];
    runs = new FinishRuns({
      onError: (_, { name, uploadId }) => errors.push(`${name} ${uploadId}`),
      now: () => clock,
    });
  });

  const named = (onUploadFinish: OnUploadFinish['onUploadFinish']) => ({
    name: 'hook',
    hook: { onUploadFinish },
  });

  function ask(hook: NamedHook<OnUploadFinish>, id = 'a'): Promise<FinishVerdict> {
    return runs.ask([hook], { id } as FinishedUpload, {} as FinishContext);
  }

  it('by maintenance: after 10 s, then after twice as long each time, up to ten minutes', async () => {
    const pauses: number[] = [];
    for (let n = 0; n < 8; n++) {
      await ask(named(() => Promise.reject(new Error('away'))));
      const began = clock;
      while (!runs.isDue('a')) clock += 5_000;
      pauses.push((clock - began) / 1_000);
    }
    expect(pauses).toEqual([10, 20, 40, 80, 160, 320, 600, 600]);
    expect(errors).toEqual(Array<string>(8).fill('hook a'));
  });

  it('not while it is called: who asks joins', async () => {
    const { opened, open } = gate();
    let calls = 0;
    const hook = named(async () => {
      calls++;
      await opened;
    });
    const both = [ask(hook), ask(hook)];
    expect(runs.isDue('a')).toBe(false);
    open();
    const accepted = { accepted: true, answer: undefined };
    expect(await Promise.all(both)).toEqual([accepted, accepted]);
    expect(calls).toBe(1);
  });

  it('not once it has returned, until that is on record, or for an hour', async () => {
    let calls = 0;
    const hook = named(() => ({ headers: { 'X-Call': String(++calls) } }));
    const once = { accepted: true, answer: { headers: { 'X-Call': '1' } } };
    expect([await ask(hook), await ask(hook)]).toEqual([once, once]);
    clock += 59 * MINUTE;
    expect(await ask(hook)).toEqual(once);
    clock += 60 * MINUTE;
    await ask(hook, 'b');
    await ask(hook);
    expect(calls).toBe(3);
    runs.forget('a');
    await ask(hook);
    expect(calls).toBe(4);
  });

  it('what it returns that is no object says nothing', async () => {
    for (const wrong of ['text', null, true, 7]) {
      runs.forget('a');
      expect(await ask(named(() => wrong as never))).toEqual({ accepted: true, answer: undefined });
    }
  });
});
