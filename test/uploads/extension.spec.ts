import { afterEach, describe, expect, it } from '@jest/globals';
import { LocalStorage } from '../../src/index.js';
import type { Upload } from '../../src/index.js';
import { bodyOf, UploadsContext } from './uploads-context.js';

const HOUR = 3_600_000;

/** A store that removes what is unfinished by itself. */
class ForgetfulStorage extends LocalStorage {
  readonly maxUnfinishedAge = 2 * HOUR;
}

describe('the time of an upload in a store that removes what is unfinished', () => {
  let context: UploadsContext;
  let id: string;
  afterEach(() => context.stop([id]));

  async function aged(partial: boolean): Promise<void> {
    context = await UploadsContext.start({
      storage: (directory) => new ForgetfulStorage({ directory }),
      tus: { expiration: { unfinished: '2h' } },
    });
    ({ id } = await context.uploads.create({ length: 10, partial }));
    // As it is an hour later.
    const older =
      'UPDATE tus_upload SET created_at = created_at - ?, expires_at = expires_at - ? WHERE id = ?';
    await context.connection.change(older, [HOUR, HOUR, id]);
  }

  const append = (bytes: string) =>
    context.uploads.append(id, { offset: 0, body: bodyOf(bytes), contentLength: bytes.length });

  const lasts = ({ expiresAt, createdAt }: Upload) => Number(expiresAt) - Number(createdAt);

  it('is not extended beyond that by bytes (EXP-04)', async () => {
    await aged(false);
    await append('hello');
    expect(lasts(await context.uploads.get(id))).toBe(2 * HOUR);
  });

  it('is as long as ever once a partial is complete, which such a store keeps', async () => {
    await aged(true);
    await append('helloworld');
    expect(lasts(await context.uploads.get(id))).toBeGreaterThanOrEqual(3 * HOUR);
  });
});
