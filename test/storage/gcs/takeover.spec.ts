import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { onFakeGcs } from '../../support/services/each-gcs-service.js';
import { content } from '../../support/content.js';
import { read, Row } from '../row.js';
import { Desk } from './support.js';

onFakeGcs((suite) => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.open(suite);
  });
  afterEach(() => desk.close());

  it('bytes that did not verify are never joined with those that count', async () => {
    const row = new Row({ length: 100 });
    const body = content(100);
    for (let at = 0; at < 31; at++) await row.append(desk.storage, body.subarray(at, at + 1));
    await row.append(desk.storage, Buffer.from('X'));
    // As the service leaves the row when the checksum was another one, or when it was killed before the statement.
    row.offset = 31;
    for (let at = 31; at < 34; at++) await row.append(desk.storage, body.subarray(at, at + 1));
    expect(row.list.length).toBeLessThan(10);

    await row.send(desk.storage, body.subarray(34));
    expect(await desk.object(row.key)).toEqual(body);
    await desk.storage.discardWork(row.whole);
    expect(await desk.left()).toEqual([row.key]);
  });

  it('a writer that is told to stop joins nothing: another one waits for it', async () => {
    const row = new Row({ length: 100 });
    for (let at = 0; at < 32; at++) await row.append(desk.storage, content(100).subarray(at, at + 1));
    desk.requests();
    await row.append(desk.storage, content(1), { signal: AbortSignal.abort('released') });
    expect(desk.requests()).not.toHaveProperty('compose');
    await row.append(desk.storage, content(1));
    expect(desk.requests()).toEqual({ insert: 1, compose: 1, delete: 32 });
  });

  it('a writer that joins is told to stop, and stops: what was stored counts, and the parts stay', async () => {
    const row = new Row({ length: 100 });
    const body = content(100);
    for (let at = 0; at < 32; at++) await row.append(desk.storage, body.subarray(at, at + 1));
    const stop = new AbortController();
    desk.proxy.faults = (kind) => {
      if (kind === 'compose') stop.abort('released');
      return kind === 'compose' ? 'hang' : undefined;
    };
    await row.append(desk.storage, body.subarray(32, 33), { signal: stop.signal });
    expect(row.offset).toBe(33);
    expect(row.list).toHaveLength(33);

    desk.proxy.faults = () => undefined;
    await row.send(desk.storage, body.subarray(33));
    expect(await desk.object(row.key)).toEqual(body);
  });

  it('a join that gets no answer is left to a later append, after one try', async () => {
    const row = new Row({ length: 100 });
    const body = content(100);
    for (let at = 0; at < 32; at++) await row.append(desk.storage, body.subarray(at, at + 1));
    desk.proxy.faults = (kind) => (kind === 'compose' ? 'hang' : undefined);
    desk.requests();
    await row.append(desk.again({ requestTimeout: 1000 }), body.subarray(32, 33));
    expect(desk.requests()).toEqual({ insert: 1, compose: 1 });

    desk.proxy.faults = () => undefined;
    await row.append(desk.storage, body.subarray(33, 34));
    expect(row.list.length).toBeLessThan(4);
  });

  for (const overwrite of [false, true]) {
    const how = overwrite ? ', also where objects may be replaced' : '';
    for (const sent of [0, 5]) {
      const made = sent === 0 ? 'one request' : 'parts';
      it(`a writer that has lost its lease leaves the object of ${made} that the next one has made${how}`, async () => {
        const storage = desk.again({ overwrite });
        const row = new Row({ length: 10 });
        if (sent > 0) await row.append(storage, content(10, 1).subarray(0, sent));
        const late = await row.append(storage, content(10, 1).subarray(sent));
        // The client has another file now.
        await row.send(desk.again({ overwrite }), content(10, 2).subarray(sent));

        await expect(late.finish?.complete()).rejects.toMatchObject({ kind: 'unavailable' });
        const expected = Buffer.concat([content(10, 1).subarray(0, sent), content(10, 2).subarray(sent)]);
        expect(await desk.object(row.key)).toEqual(expected);
      });
    }
  }

  it('a writer that has lost its lease leaves the object of a partial, whose generation is on record', async () => {
    const row = new Row({ kind: 'partial', length: 10 });
    const late = await row.append(desk.storage, content(10, 1));
    await row.send(desk.again(), content(10, 2));

    await expect(late.finish?.complete()).rejects.toMatchObject({ kind: 'unavailable' });
    const final = new Row({ kind: 'final', length: 10 }).take();
    await desk.storage.concatenate(final.upload, [row.source()], final.context());
    await desk.storage.complete(final.whole);
    expect(await read(desk.storage, final.whole)).toEqual(content(10, 2));
  });

  it('what a writer without a lease has made is not taken for that of the next ones, who have stored bytes', async () => {
    const row = new Row({ length: 100 });
    const bytes = content(100, 2);
    const late = await row.append(desk.storage, content(100, 1));
    await row.append(desk.again(), bytes.subarray(0, 50), { fenced: true });
    const died = await row.append(desk.again(), bytes.subarray(50));
    died.finish?.discard();
    await late.finish?.complete();

    const recovery = desk.again().complete({ ...row.take().upload, offset: 100 });
    await expect(recovery).rejects.toMatchObject({ kind: 'missing' });
    await row.send(desk.again(), bytes.subarray(50));
    expect(await desk.object(row.key)).toEqual(bytes);
  });

  it('what the last writer has made before it died is found, though it is on record nowhere', async () => {
    const row = new Row({ length: 100 });
    await row.append(desk.storage, content(100).subarray(0, 50));
    const { finish } = await row.append(desk.again(), content(100).subarray(50));
    await finish?.complete();
    // As if the statement had never come that has the last bytes on record, nor the one that says `complete`.
    const last = row.list.filter(({ start }) => start === 50).map(({ number }) => number);
    await row.upload.parts.forget(last);

    await desk.again().complete({ ...row.take().upload, offset: 100 });
    expect(await desk.object(row.key)).toEqual(content(100));
  });

  it('what a writer without a lease has made too early is replaced by the next one', async () => {
    const row = new Row({ length: 10 });
    const late = await row.append(desk.storage, content(10, 1));
    const { finish } = await row.append(desk.again(), content(10, 2));
    await late.finish?.complete();
    await finish?.complete();
    expect(await desk.object(row.key)).toEqual(content(10, 2));
  });

  it('a writer without a lease takes no part along that the next one needs', async () => {
    const row = new Row({ length: 10 });
    await row.append(desk.storage, content(10, 1).subarray(0, 5));
    const late = await row.append(desk.storage, content(10, 1).subarray(5));
    const { finish } = await row.append(desk.again(), content(10, 2).subarray(5));
    await expect(late.finish?.complete()).rejects.toMatchObject({ kind: 'unavailable' });
    await finish?.complete();
    const expected = Buffer.concat([content(10, 1).subarray(0, 5), content(10, 2).subarray(5)]);
    expect(await desk.object(row.key)).toEqual(expected);
  });
});
