import { afterEach, expect, it } from '@jest/globals';
import { content } from '../../support/content.js';
import { create, patch } from '../../support/raw-http.js';
import type { S3Kind } from '../../support/s3-proxy/request-kind.js';
import { StoreApp } from '../../support/store-app.js';
import { eachS3Store } from '../../support/stores/each-store.js';

const MIB = 1024 ** 2;

eachS3Store((store) => {
  let app: StoreApp<S3Kind> | undefined;
  afterEach(() => app?.stop());

  it('EXP-05 an upload that has expired leaves nothing but its object, though its clean-up had failed', async () => {
    app = await StoreApp.start(store, { tus: { expiration: { completed: '1h' } } });
    const { proxy, bucket } = app;
    // So there is a second multipart upload, of which no row knows the id.
    proxy.faults = (kind, n) => {
      if (kind === 'ListMultipartUploads') return 'slow-down';
      return kind === 'CreateMultipartUpload' && n === 1 ? 'lost-answer' : undefined;
    };
    const url = await create(app.endpoint, { 'upload-length': `${9 * MIB}` });
    expect((await patch(url, 0, content(9 * MIB, 1))).status).toBe(204);
    await app.idle();
    const id = url.split('/').at(-1) ?? '';
    expect(await bucket.leftovers()).toEqual([id, `${id} (open)`]);

    proxy.faults = () => undefined;
    await app.rows('UPDATE tus_upload SET expires_at = 1');
    await app.maintain();
    await app.maintain();
    expect(await app.rows('SELECT state, ending FROM tus_upload')).toEqual([
      { state: 'gone', ending: 'expired' },
    ]);
    expect(await bucket.leftovers()).toEqual([id]);
  });
});
