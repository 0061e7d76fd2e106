import { RestError } from '@azure/storage-blob';
import type { BlobServiceClient, ContainerClient } from '@azure/storage-blob';
import { describe, expect, it } from '@jest/globals';
import { AzureApi } from '../../../src/storage/azure/azure.api.js';
import { Copier } from '../../../src/storage/azure/copier.js';
import { copyWays } from '../../../src/storage/azure/copy-ways.js';

type Answer = () => Promise<unknown>;

const never: Answer = () => new Promise(() => undefined);
const done: Answer = () => Promise.resolve({});
const refused =
  (statusCode: number, code: string): Answer =>
  () =>
    Promise.reject(new RestError('No.', { statusCode, code }));

/** Milliseconds: what answers at all answers at once. */
const TIMEOUT = 1;
const MINUTE = 60_000;
const COPY = { from: 'from', range: { start: 0, end: 9 }, to: { blob: 'to', id: 'id' }, headers: {} };
const KEY = {
  ...{ signedObjectId: 'o', signedTenantId: 't', signedService: 'b', signedVersion: '2020-02-10' },
  ...{ signedStartsOn: new Date(0), signedExpiresOn: new Date(0), value: btoa('key') },
};

/** Azure AD and a store whose answers are given; the last one holds for what comes after it, too. */
class Desk {
  asked = { keys: 0, tokens: 0, copies: 0 };
  readonly sources: string[] = [];
  readonly told: unknown[] = [];
  readonly copier: Copier;

  constructor(answers: { keys?: readonly Answer[]; tokens?: readonly Answer[]; copies?: readonly Answer[] }) {
    const answer = (kind: keyof Desk['asked']) => {
      const given = answers[kind] ?? [done];
      return given[Math.min(this.asked[kind]++, given.length - 1)]?.();
    };
    const blob = {
      url: 'https://account/container/from',
      getProperties: refused(404, 'BlobNotFound'),
      stageBlockFromURL: (_: string, url: string) => {
        this.sources.push(url);
        return answer('copies');
      },
    };
    const container = { getBlockBlobClient: () => blob } as unknown as ContainerClient;
    const client = {
      ...{ url: 'https://account', accountName: 'account' },
      credential: {
        getToken: async () => {
          await answer('tokens');
          return { token: 'token', expiresOnTimestamp: 0 };
        },
      },
      getUserDelegationKey: async () => {
        await answer('keys');
        return KEY;
      },
    } as unknown as BlobServiceClient;
    const api = new AzureApi(container, TIMEOUT);
    const ways = copyWays({ api, client, container: 'container' });
    this.copier = new Copier({ api, ways, onRefused: (error) => void this.told.push(error) });
  }

  copy(): Promise<boolean> {
    return this.copier.copy(COPY);
  }
}

describe('what allows the store to read a source', () => {
  it('is asked for again where Azure AD never answers', async () => {
    const desk = new Desk({ keys: [never, done] });
    expect(await desk.copy()).toBe(true);
    expect(desk.asked).toEqual({ keys: 2, tokens: 0, copies: 1 });
  });

  it('is asked for again where a credential never gives a token', async () => {
    const desk = new Desk({ keys: [refused(403, 'AuthorizationFailure')], tokens: [never, done] });
    expect(await desk.copy()).toBe(true);
    expect(desk.asked).toEqual({ keys: 1, tokens: 2, copies: 1 });
  });

  it('is asked for again where Azure AD is busy', async () => {
    const desk = new Desk({ keys: [refused(503, 'ServerBusy'), done] });
    expect(await desk.copy()).toBe(true);
    expect(desk.asked).toEqual({ keys: 2, tokens: 0, copies: 1 });
  });

  it('is made for each try, since it does not hold for long', async () => {
    const busy = [refused(503, 'ServerBusy'), done];
    const desk = new Desk({ keys: [refused(403, 'AuthorizationFailure')], copies: busy });
    expect(await desk.copy()).toBe(true);
    expect(desk.asked).toEqual({ keys: 1, tokens: 2, copies: 2 });
  });

  it('is a SAS that a key signs, which is asked for once', async () => {
    const desk = new Desk({});
    for (let copies = 0; copies < 2; copies++) expect(await desk.copy()).toBe(true);
    expect(desk.asked).toEqual({ keys: 1, tokens: 0, copies: 2 });
    for (const source of desk.sources) expect(source).toMatch(/\?.*sp=r&/);
  });

  it('is a SAS for 15 minutes', async () => {
    const desk = new Desk({});
    const before = Date.now();
    await desk.copy();
    const expires = Date.parse(new URL(desk.sources[0] ?? '').searchParams.get('se') ?? '');
    // It has no milliseconds.
    expect(expires).toBeGreaterThan(before + 15 * MINUTE - 1000);
    expect(expires).toBeLessThanOrEqual(Date.now() + 15 * MINUTE);
  });

  it('is looked for by each copy that waited in vain for the first one to find it', async () => {
    const desk = new Desk({ copies: [refused(404, 'CannotVerifyCopySource'), done] });
    expect(await Promise.allSettled([desk.copy(), desk.copy(), desk.copy()])).toEqual([
      { status: 'rejected', reason: expect.objectContaining({ kind: 'missing' }) },
      { status: 'fulfilled', value: true },
      { status: 'fulfilled', value: true },
    ]);
    expect(desk.asked.copies).toBe(3);
  });
});

describe('that the store copies nothing', () => {
  it('is found out once, where it cannot read the source in any way', async () => {
    const desk = new Desk({ copies: [refused(403, 'CannotVerifyCopySource')] });
    expect(await desk.copy()).toBe(false);
    expect(await desk.copy()).toBe(false);
    expect(desk.asked.copies).toBe(2);
    expect(desk.told).toHaveLength(1);
  });

  it.each(['AuthenticationFailed', 'AuthorizationFailure'])(
    'does not follow from %s, which is said of the final blob',
    async (code) => {
      const desk = new Desk({ copies: [refused(403, code), done] });
      await expect(desk.copy()).rejects.toMatchObject({ kind: 'unavailable', code });
      expect(await desk.copy()).toBe(true);
      expect(desk.told).toEqual([]);
    },
  );

  it.each([
    [404, 'missing'],
    [416, 'missing'],
  ])('does not follow from a source that is gone, or too short (%d)', async (status, kind) => {
    const desk = new Desk({ copies: [refused(status, 'CannotVerifyCopySource'), done] });
    await expect(desk.copy()).rejects.toMatchObject({ kind });
    expect(await desk.copy()).toBe(true);
  });

  it('does not follow from the 404 of a proxy', async () => {
    const desk = new Desk({ copies: [refused(404, ''), done] });
    await expect(desk.copy()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await desk.copy()).toBe(true);
  });
});
