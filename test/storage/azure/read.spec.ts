import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { content } from '../../support/content.js';
import { onAzurite } from '../../support/services/azure-suite.js';
import { read, Row } from '../row.js';
import { Desk } from './support.js';

onAzurite((suite) => {
  let desk: Desk;
  let row: Row;
  beforeEach(async () => {
    desk = await Desk.open(suite);
    row = new Row({ length: 100 });
    await row.send(desk.storage, content(100));
  });
  afterEach(() => desk.close());

  it.each([500, 5])('gives no byte of a foreign blob of %d bytes, of a range neither', async (length) => {
    await desk.blob(row.key).upload(Buffer.alloc(length, 'F'), length);
    const missing = { kind: 'missing' };
    await expect(read(desk.storage, row.whole)).rejects.toMatchObject(missing);
    await expect(read(desk.storage, row.whole, 0, 9)).rejects.toMatchObject(missing);
    await expect(read(desk.storage, row.whole, 90, 99)).rejects.toMatchObject(missing);
  });

  it('gives no byte of the blob of another upload, whatever its length', async () => {
    const other = new Row({ length: 100 });
    await other.send(desk.storage, content(100, 2));
    const replaced = { ...row.whole, key: other.key };
    await expect(read(desk.storage, replaced, 0, 9)).rejects.toMatchObject({ kind: 'missing' });
  });

  it('gives the bytes of a blob that was copied without its metadata', async () => {
    await desk.blob(row.key).upload(content(100), 100);
    expect(await read(desk.storage, row.whole)).toEqual(content(100));
    expect(await read(desk.storage, row.whole, 90, 99)).toEqual(content(100).subarray(90));
  });
});
