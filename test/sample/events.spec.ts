import { createHash, randomBytes } from 'node:crypto';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { RunningSample } from './running-sample.js';

interface Entry {
  readonly id: string;
  readonly name: string;
  readonly length: number;
  readonly sha256?: string;
  readonly thumbnail?: string;
}

describe('the sample of events', () => {
  let sample: RunningSample;
  let page: string;
  let stream: IncomingMessage;
  let live: AsyncIterator<Entry>;

  beforeAll(async () => {
    sample = await RunningSample.start('events');
    [, page = ''] = await sample.printed(/^Page at {6}(\S+)$/m);
    [stream] = (await once(get(`${page}live`), 'response')) as [IncomingMessage];
    live = entries(stream);
  }, 120_000);

  afterAll(() => sample.remove());

  it('shows an image while it is processed, and then with checksum and thumbnail', async () => {
    const image = await sharp({ create: { width: 800, height: 400, channels: 3, background: 'teal' } })
      .png()
      .toBuffer();
    await writeFile(join(sample.folder, 'sea.png'), image);
    const id = basename(await sample.upload('sea.png'));
    const shown = { id, name: 'sea.png', length: image.length };
    expect(await next()).toEqual(shown);
    expect(await next()).toEqual({ ...shown, sha256: sha256(image), thumbnail: `thumbnails/${id}` });
    const thumbnail = await fetch(`${page}thumbnails/${id}`);
    expect(thumbnail.headers.get('content-type')).toBe('image/webp');
    const made = await sharp(Buffer.from(await thumbnail.arrayBuffer())).metadata();
    expect([made.format, made.width, made.height]).toEqual(['webp', 320, 160]);
  });

  it('shows what is no image with its checksum alone', async () => {
    const bytes = randomBytes(100_000);
    await writeFile(join(sample.folder, 'notes.bin'), bytes);
    const id = basename(await sample.upload('notes.bin', '--parallel', '3'));
    const shown = { id, name: 'notes.bin', length: bytes.length };
    expect(await next()).toEqual(shown);
    expect(await next()).toEqual({ ...shown, sha256: sha256(bytes) });
    expect((await fetch(`${page}thumbnails/${id}`)).status).toBe(404);
  });

  it('has a page that listens, and shows who opens it later what is there', async () => {
    expect(await (await fetch(page)).text()).toContain(`new EventSource('live')`);
    const [later] = (await once(get(`${page}live`), 'response')) as [IncomingMessage];
    const there = entries(later);
    const names = [(await there.next()).value as Entry, (await there.next()).value as Entry];
    expect(names.map(({ name }) => name).toSorted()).toEqual(['notes.bin', 'sea.png']);
    later.destroy();
  });

  it('ends when it is asked to, also while a page listens', async () => {
    const ended = once(stream, 'close');
    expect(await sample.stop()).toEqual([0, null]);
    await ended;
  });

  async function next(): Promise<Entry> {
    return (await live.next()).value as Entry;
  }
});

/** The data of server-sent events. */
async function* entries(stream: IncomingMessage): AsyncGenerator<Entry> {
  for await (const line of createInterface({ input: stream })) {
    if (line.startsWith('data: ')) yield JSON.parse(line.slice(6)) as Entry;
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
