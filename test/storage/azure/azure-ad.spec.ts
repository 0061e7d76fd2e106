import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { BlobServiceClient, RestError } from '@azure/storage-blob';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AzureStorage } from '../../../src/storage/azure/index.js';
import { content } from '../../support/content.js';
import { ACCOUNT, AZURITE } from '../../support/services/azurite.js';
import { loopback } from '../../support/services/loopback.js';
import { withService } from '../../support/services/with-service.js';
import { KIB, Row } from '../row.js';

const CHANNEL = 'http.client.request.start';

/** As Azure AD gives them; Azurite does not look at the signature. */
function token(): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    aud: 'https://storage.azure.com',
    iss: 'https://sts.windows.net/tenant/',
    ...{ iat: now - 60, nbf: now - 60, exp: now + 3600 },
    ...{ oid: randomUUID(), tid: randomUUID() },
  };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.none`;
}

withService(AZURITE, () => {
  describe('on Azurite, with a credential of Azure AD', () => {
    const https = loopback();
    let azurite: Awaited<ReturnType<typeof AZURITE.start>>;
    let client: BlobServiceClient;
    let container: string;
    let given: string;
    let asked: { readonly method: string; readonly path: string; readonly headers: object }[];

    const record = (message: unknown) => {
      const { request } = message as { readonly request: ClientRequest };
      asked.push({ method: request.method, path: request.path, headers: request.getHeaders() });
    };
    beforeAll(async () => {
      azurite = await AZURITE.start({ https });
    });
    afterAll(() => azurite.stop());
    beforeEach(async () => {
      given = token();
      const credential = {
        getToken: () => Promise.resolve({ token: given, expiresOnTimestamp: Date.now() + 3_600_000 }),
      };
      const options = { retryOptions: { maxTries: 1 }, tlsOptions: { ca: https.certificate } };
      client = new BlobServiceClient(`${azurite.address.endpoint}/${ACCOUNT}`, credential, options);
      container = randomUUID();
      await client.createContainer(container, { access: 'blob' });
      asked = [];
      subscribe(CHANNEL, record);
    });
    afterEach(() => {
      unsubscribe(CHANNEL, record);
    });

    const copies = () => asked.filter(({ headers }) => 'x-ms-copy-source' in headers);

    const merge = async (storage: AzureStorage) => {
      const lengths = [300 * KIB, 7 * KIB];
      const sources = lengths.map((length) => new Row({ kind: 'partial', length }));
      for (const [index, row] of sources.entries())
        await row.send(storage, content(lengths[index] ?? 0, index));
      const final = new Row({ kind: 'final' });
      asked = [];
      await storage.concatenate(
        final.upload,
        sources.map((row) => row.source()),
        final.context(),
      );
      final.offset = 307 * KIB;
      await storage.complete(final.whole);
      const body = await client.getContainerClient(container).getBlobClient(final.key).downloadToBuffer();
      expect(body.equals(Buffer.concat(lengths.map((length, index) => content(length, index))))).toBe(true);
    };

    it('the store reads partials by a SAS that a user delegation key has signed, which is asked for once', async () => {
      const storage = new AzureStorage({ container, client });
      await storage.start();
      await merge(storage);
      expect(copies()).toHaveLength(2);
      for (const { headers } of copies()) {
        expect(headers).toHaveProperty('x-ms-copy-source', expect.stringMatching(/[?&]skoid=.*&sp=r&/));
        expect(headers).not.toHaveProperty('x-ms-copy-source-authorization');
      }
      expect(asked.filter(({ path }) => path.includes('userdelegationkey'))).toHaveLength(1);
      await merge(storage);
      expect(asked.filter(({ path }) => path.includes('userdelegationkey'))).toHaveLength(0);
    });

    it('where such keys are refused, the token goes with each copy', async () => {
      client.getUserDelegationKey = () =>
        Promise.reject(new RestError('No.', { statusCode: 403, code: 'AuthorizationPermissionMismatch' }));
      await merge(new AzureStorage({ container, client }));
      expect(copies()).toHaveLength(2);
      for (const { headers } of copies()) {
        expect(headers).toHaveProperty('x-ms-copy-source-authorization', `Bearer ${given}`);
        expect(headers).toHaveProperty('x-ms-copy-source', expect.not.stringContaining('?'));
      }
    });
  });
});
