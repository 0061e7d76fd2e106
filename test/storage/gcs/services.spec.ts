import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FAKE_GCS } from '../../support/services/fake-gcs.js';
import { withService } from '../../support/services/with-service.js';

withService(FAKE_GCS, () => {
  describe(`on ${FAKE_GCS.name}`, () => {
    let server: Awaited<ReturnType<typeof FAKE_GCS.start>>;

    beforeAll(async () => {
      server = await FAKE_GCS.start();
      await json('/storage/v1/b?project=test', { name: 'bucket' });
      await upload('one', 'first ');
      await upload('two', 'second');
    });
    afterAll(() => server.stop());

    const at = (path: string) => `${server.address.apiEndpoint}${path}`;
    const json = (path: string, body: unknown) =>
      fetch(at(path), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const upload = (name: string, body: string) =>
      fetch(at(`/upload/storage/v1/b/bucket/o?uploadType=media&name=${name}`), { method: 'POST', body });
    const compose = (sources: readonly string[]) =>
      json('/storage/v1/b/bucket/o/whole/compose', {
        sourceObjects: sources.map((name) => ({ name })),
        destination: { contentType: 'text/plain', metadata: { marker: 'm-1' } },
      });

    it('composes objects into one, with the metadata that the destination is given', async () => {
      const answer = (await (await compose(['one', 'two'])).json()) as { readonly metadata?: unknown };
      expect(answer.metadata).toEqual({ marker: 'm-1' });
      const whole = await fetch(at('/storage/v1/b/bucket/o/whole?alt=media'));
      expect(await whole.text()).toBe('first second');
    });

    it('refuses to compose more than 32 objects', async () => {
      const answer = await compose(Array.from({ length: 33 }, () => 'one'));
      expect(answer.ok).toBe(false);
      await answer.body?.cancel();
    });
  });
});
