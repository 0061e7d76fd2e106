import { expect, it } from '@jest/globals';
import { MemoryUrlStore } from '../../src/client/index.js';
import type { UploadRecord } from '../../src/client/index.js';
import { MemoryOfUpload } from '../../src/client/store/memory-of-upload.js';

/** Writes when it is told to. */
class SlowStore extends MemoryUrlStore {
  readonly saved: UploadRecord[] = [];
  private begin = (): void => undefined;
  private proceed = (): void => undefined;
  readonly begun = new Promise<void>((resolve) => (this.begin = resolve));
  private readonly held = new Promise<void>((resolve) => (this.proceed = resolve));

  override async save(record: UploadRecord): Promise<void> {
    this.saved.push(record);
    this.begin();
    await this.held;
    await super.save(record);
  }

  goOn(): void {
    this.proceed();
  }
}

it('Ranges whose URLs come while a record is written share the next write, and each waits for one that has its URL', async () => {
  const store = new SlowStore();
  const draft = {
    fingerprint: 'f',
    version: 'v',
    endpoint: 'http://127.0.0.1/files',
    path: '/film.mp4',
    size: 1000,
    metadata: {},
    urls: Array.from({ length: 1000 }, () => null),
  };
  const memory = await MemoryOfUpload.begin(store, draft, (error) => expect(error).toBeUndefined());
  const first = memory.remember(0, 'url-0');
  await store.begun;
  const others = Array.from({ length: 999 }, async (_, index) => {
    await memory.remember(index + 1, `url-${index + 1}`);
    const [record] = await store.find('f');
    expect(record?.urls[index + 1]).toBe(`url-${index + 1}`);
  });
  store.goOn();
  await Promise.all([first, ...others]);
  expect(store.saved).toHaveLength(2);
  await memory.remember(5, 'url-5-again');
  expect((await store.find('f'))[0]?.urls[5]).toBe('url-5-again');
});
