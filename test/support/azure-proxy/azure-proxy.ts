import type { IncomingMessage } from 'node:http';
import { StoreProxy } from '../s3-proxy/s3-proxy.js';
import { kindOf } from './request-kind.js';
import type { AzureKind } from './request-kind.js';

const BUSY = {
  headers: { 'x-ms-error-code': 'ServerBusy' },
  body: '<?xml version="1.0" encoding="utf-8"?><Error><Code>ServerBusy</Code><Message>The server is busy.</Message></Error>',
};

/** Before a server that speaks Azure's Blob API in path style. What it copies itself passes the proxy by. */
export class AzureProxy extends StoreProxy<AzureKind> {
  /** @param store - the URL of the server, without the account */
  static start(store: string): Promise<AzureProxy> {
    const kind = ({ method = '', url = '', headers }: IncomingMessage) =>
      kindOf({ method, url, isCopy: 'x-ms-copy-source' in headers });
    return new AzureProxy(new URL(store), { kindOf: kind, busy: BUSY }).listen();
  }
}
