import { expect, it } from '@jest/globals';
import { eachLocalS3Service } from '../../support/services/each-s3-service.js';
import { content } from '../../support/content.js';
import { MIB, Row } from '../row.js';
import { Desk } from './support.js';

/** As many connections as all uploads share. */
const SLOW = 120;

eachLocalS3Service((suite) => {
  it('clients that do not read their downloads keep no upload from the store', async () => {
    const desk = await Desk.open(suite);
    const row = new Row({ length: MIB / 8 });
    await row.send(desk.storage, content(MIB / 8));
    const open = await Promise.all(Array.from({ length: SLOW }, () => desk.storage.read(row.whole)));
    const other = new Row({ length: 10 });
    await other.send(desk.storage, content(10));

    expect(await desk.object(other.key)).toEqual(content(10));
    for (const stream of open) stream.on('error', () => undefined).destroy();
    await desk.close();
  }, 60_000);
});
