import { describe, expect, it } from '@jest/globals';
import { Gate } from '../../../src/storage/parts/gate.js';

describe('a gate', () => {
  it('lets so many in at a time, the others in their order, and who waits may leave', async () => {
    const gate = new Gate(1);
    const leave = new AbortController();
    let end: (name: string) => void = () => {};
    const first = new Promise<string>((resolve) => (end = resolve));
    const entered: string[] = [];
    const enter = (name: string, signal?: AbortSignal) =>
      gate.pass(async () => {
        entered.push(name);
        return name;
      }, signal);
    const running = gate.pass(() => first);
    const [impatient, second] = [enter('impatient', leave.signal), enter('second')];
    leave.abort(new Error('It took too long.'));
    await expect(impatient).rejects.toThrow('It took too long.');
    await expect(enter('late', leave.signal)).rejects.toThrow('It took too long.');
    expect(entered).toEqual([]);

    end('first');
    expect(await Promise.all([running, second, enter('third')])).toEqual(['first', 'second', 'third']);
    expect(entered).toEqual(['second', 'third']);
  });
});
